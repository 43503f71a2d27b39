/** Addresses of the files that the package loads in addition to its own code: the worker, the compiled crate, the data sets. */

import { page } from "./environment.js";

/** Addresses that replace the defaults, which are next to the package's own files. */
export interface Addresses {
  /** Script of the Web Worker: the package's `worker.js`. */
  workerUrl?: string | URL | undefined;
  /** Address of the compiled crate, the package's `twotower.wasm`; or a `Blob` with the file. */
  wasmUrl?: string | URL | Blob | undefined;
  /** Folder of the built-in data sets: the package's `data/`. Ends in a slash. */
  dataUrl?: string | URL | undefined;
}

const configured: Addresses = {};

/**
 * Sets where the package's files are, if that cannot be detected: after a bundler that does not follow
 * `new URL("./file", import.meta.url)` (esbuild), or under a content security policy without `blob:`. Call it before
 * the first trainer; relative addresses are resolved against the page.
 */
export function configure(addresses: Addresses): void {
  Object.assign(configured, addresses);
}

/** Returns the configured address of the worker or the data, resolved against the page. */
export function addressOf(file: "workerUrl" | "dataUrl"): string | undefined {
  return resolved(configured[file]);
}

/** Returns the configured address of the compiled crate, resolved against the page, or the configured file. */
export function wasmSource(): string | Blob | undefined {
  const { wasmUrl } = configured;
  return wasmUrl instanceof Blob ? wasmUrl : resolved(wasmUrl);
}

/** Resolves an address against the page. Node.js has no page, so an address must be complete there. */
function resolved(address: string | URL | undefined): string | undefined {
  return address === undefined ? undefined : new URL(address, page.document?.baseURI).href;
}
