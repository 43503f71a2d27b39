/** Starts the Web Worker in a browser, from wherever its script may be. */

import { addressOf } from "./addresses.js";
import { TwoTowerError } from "./error.js";
import type { Spawned } from "./thread.js";

/** Address of the script beside this file. Not as `new URL(…, import.meta.url)`: bundlers would make a copy of it. */
const BESIDE = import.meta.url.replace(/[^/?#]*([?#].*)?$/, "worker.js");

/** Message of a worker whose script of another origin could not be imported. */
const UNLOADED = "unloaded";

/** Starts the worker; `failed` is called with the reason if its script cannot be loaded or breaks. */
export function spawn(failed: (reason: TwoTowerError) => void): Spawned {
  const given = addressOf("workerUrl");
  const url = given ?? BESIDE;
  const worker = given !== undefined || isElsewhere(url) ? started(url) : beside();
  const explain = (): void => void unloaded(url).then(failed);
  worker.onerror = ({ message }) => {
    if (message) failed(new TwoTowerError("worker", `the trainer's worker failed: ${message}`));
    else explain();
  };
  worker.addEventListener("message", ({ data }) => {
    if (data === UNLOADED) explain();
  });
  return { endpoint: worker, terminate: () => worker.terminate() };
}

/** The worker beside this file. Bundlers find its script by this very expression. */
function beside(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "twotower" });
}

/** A worker from an address. Browsers refuse a script of another origin, so that one is imported by a script of ours. */
function started(url: string): Worker {
  if (!isElsewhere(url)) return new Worker(url, { type: "module", name: "twotower" });
  const script = URL.createObjectURL(new Blob([importing(url)], { type: "text/javascript" }));
  const worker = new Worker(script, { name: "twotower" });
  // Not at once: the worker fetches it later. Whichever comes first says that it has been fetched.
  const revoke = (): void => URL.revokeObjectURL(script);
  worker.addEventListener("message", revoke, { once: true });
  worker.addEventListener("error", revoke, { once: true });
  return worker;
}

/**
 * A script that imports another one. A classic script: in a sandboxed frame Chromium starts no module from a blob.
 * Messages that come before the import is done are kept for it.
 */
function importing(url: string): string {
  return `const early = [];
const keep = (event) => {
  event.stopImmediatePropagation();
  early.push(event);
};
addEventListener("message", keep);
import(${JSON.stringify(url)}).then(
  () => {
    removeEventListener("message", keep);
    for (const { data, ports } of early) dispatchEvent(new MessageEvent("message", { data, ports }));
  },
  () => postMessage(${JSON.stringify(UNLOADED)}),
);`;
}

/**
 * Whether the script is of another origin than this page, which in a sandboxed frame has an origin of its own. Bundlers
 * put a `file:` address here, which is no server's.
 */
function isElsewhere(url: string): boolean {
  const { protocol, origin } = new URL(url);
  return /^https?:$/.test(protocol) && origin !== self.origin;
}

/** Finds out why a script could not be loaded. */
async function unloaded(url: string): Promise<TwoTowerError> {
  const advice = "set its address with `configure({ workerUrl })` or the attribute `worker-url`";
  return new TwoTowerError("worker", `${url}: ${await problemOf(url)}; ${advice}`, { url, option: "workerUrl" });
}

async function problemOf(url: string): Promise<string> {
  const could = "the trainer's worker could not be started";
  try {
    const response = await fetch(url);
    if (!response.ok) return `the server answered ${String(response.status)} for the trainer's worker`;
    const type = response.headers.get("content-type") ?? "no type";
    if (!type.includes("javascript")) return `the server answered ${type} for the trainer's worker`;
    return `${could}; a content security policy may forbid it`;
  } catch {
    return `${could}: its script could not be fetched`;
  }
}
