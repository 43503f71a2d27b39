/** Starts the Web Worker in a browser, from wherever its script may be. */

import { addressOf } from "./addresses.js";
import { TwoTowerError } from "./error.js";
import type { Spawned } from "./thread.js";

/** The script's name beside the package's other files. */
const SCRIPT = "worker.js";

/** Starts the worker; `failed` is called with the reason if its script cannot be loaded or breaks. */
export function spawn(failed: (reason: TwoTowerError) => void): Spawned {
  const given = addressOf("workerUrl");
  const url = given ?? new URL(SCRIPT, import.meta.url).href;
  const worker = given !== undefined || isElsewhere(url) ? started(url) : beside();
  worker.onerror = ({ message }) => {
    if (message) failed(new TwoTowerError("worker", `the trainer's worker failed: ${message}`));
    else void unloaded(url).then(failed);
  };
  return { endpoint: worker, terminate: () => worker.terminate() };
}

/** The worker beside this file. Bundlers find its script by this very expression. */
function beside(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "twotower" });
}

/** A worker from an address. Browsers refuse a script of another origin, so that one is imported by a script of ours. */
function started(url: string): Worker {
  if (!isElsewhere(url)) return new Worker(url, { type: "module", name: "twotower" });
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  const worker = new Worker(script, { type: "module", name: "twotower" });
  // Not at once: the worker fetches it later. Whichever comes first says that it has been fetched.
  const revoke = (): void => URL.revokeObjectURL(script);
  worker.addEventListener("message", revoke, { once: true });
  worker.addEventListener("error", revoke, { once: true });
  return worker;
}

/** Whether the script is on a server of another origin. Bundlers put a `file:` address here, which is none. */
function isElsewhere(url: string): boolean {
  const { protocol, origin } = new URL(url);
  return /^https?:$/.test(protocol) && origin !== location.origin;
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
    if (!/javascript/.test(type)) return `the server answered ${type} for the trainer's worker`;
    return `${could}; a content security policy may forbid it`;
  } catch {
    return `${could}: its script could not be fetched`;
  }
}
