/** Addresses of the files that the package loads beside its own code: the worker, the compiled crate, the data sets. */

/** Addresses to load from instead of those beside the package's own files. */
export interface Addresses {
  /** Script of the Web Worker: the package's `worker.js`. */
  workerUrl?: string | URL | undefined;
  /** The compiled crate: the package's `twotower.wasm`. */
  wasmUrl?: string | URL | undefined;
  /** Folder of the built-in data sets: the package's `data/`. Ends in a slash. */
  dataUrl?: string | URL | undefined;
}

const configured: Addresses = {};

/**
 * Says where the package's files are, where that cannot be found out: after a bundler that does not follow
 * `new URL("./file", import.meta.url)` (esbuild), or under a content security policy without `blob:`. Call it before
 * the first trainer; relative addresses are resolved against the page.
 */
export function configure(addresses: Addresses): void {
  Object.assign(configured, addresses);
}

/** The configured address of a file, resolved against the page or, in Node.js, as it is. */
export function addressOf(file: keyof Addresses): string | undefined {
  const address = configured[file];
  return address === undefined ? undefined : new URL(address, typeof document === "undefined" ? undefined : document.baseURI).href;
}
