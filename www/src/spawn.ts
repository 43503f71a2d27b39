/** Starts the Web Worker in a browser, from any address of its script. */

import { addressOf } from "./addresses.js";
import { TwoTowerError } from "./error.js";
import type { Spawned } from "./thread.js";

/** Address of the script next to this file. It is not written as `new URL(…, import.meta.url)`: bundlers would copy the script. */
const BESIDE = import.meta.url.replace(/[^/?#]*([?#].*)?$/, "worker.js");

/** Message of a worker that could not import its script from another origin. */
const UNLOADED = "unloaded";

/** Starts the worker. Calls `failed` with the reason if its script cannot be loaded or throws an error. */
export function spawn(failed: (reason: TwoTowerError) => void): Spawned {
  const given = addressOf("workerUrl");
  const url = given ?? BESIDE;
  const worker = given !== undefined || isElsewhere(url) ? started(url) : beside();
  const explain = (): void => void unloaded(url).then(failed);
  // A script that cannot be loaded causes a plain event, without a message.
  worker.onerror = ({ message }: Partial<ErrorEvent>) => {
    // The first two lines are the place and the reason of a panic; a stack follows.
    const reason = message?.split("\n", 2).join(" ");
    if (reason) failed(new TwoTowerError("worker", `the trainer's worker failed: ${reason}`));
    else explain();
  };
  worker.addEventListener("message", ({ data }) => {
    if (data === UNLOADED) explain();
  });
  return { endpoint: worker, terminate: () => worker.terminate() };
}

/** Starts the worker next to this file. Bundlers find its script by this exact expression. */
function beside(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "twotower" });
}

/** Starts a worker from an address. Browsers reject a script of another origin, so a script of ours imports it. */
function started(url: string): Worker {
  if (!isElsewhere(url)) return new Worker(url, { type: "module", name: "twotower" });
  const script = URL.createObjectURL(new Blob([importing(url)], { type: "text/javascript" }));
  const worker = new Worker(script, { name: "twotower" });
  // The URL cannot be revoked yet: the worker fetches it later. The first message or error shows that it has done so.
  const revoke = (): void => URL.revokeObjectURL(script);
  worker.addEventListener("message", revoke, { once: true });
  worker.addEventListener("error", revoke, { once: true });
  return worker;
}

/**
 * Returns a script that imports another one. It is a classic script: in a sandboxed frame Chromium starts no module from
 * a blob. It keeps messages that arrive before the import is done, and sends them again afterwards.
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
 * Returns whether the script is from another origin than this page; a page in a sandboxed frame has its own origin.
 * A `file:` address, which bundlers may write for this file, does not count.
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
