/** Train a two-tower recommender in Node.js, as in a page: on the CPU, or on a GPU by the npm package `webgpu`. */

import { Worker } from "node:worker_threads";

import type { Endpoint } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

import { addressOf } from "./addresses.js";
import { TwoTowerError } from "./error.js";
import { type Spawned, spawnWith } from "./thread.js";

export * from "./index.js";

spawnWith(spawn);

/** Starts a worker thread; `failed` is called with the reason if its script cannot be loaded or breaks. */
function spawn(failed: (reason: TwoTowerError) => void): Spawned {
  const url = new URL(addressOf("workerUrl") ?? new URL("./node-worker.js", import.meta.url));
  const worker = new Worker(url, { name: "twotower" });
  const fail = (problem: string, cause?: unknown): void => {
    failed(new TwoTowerError("worker", `the trainer's worker failed: ${problem}`, {}, { cause }));
  };
  worker.on("error", (error) => fail(error.message, error));
  worker.on("exit", (code) => fail(`it ended with exit code ${code}`));
  return { endpoint: counted(worker), terminate: () => void worker.terminate() };
}

/** The worker's end of the line. It keeps the process alive while calls are pending, and no longer. */
function counted(worker: Worker): Endpoint {
  const endpoint = nodeEndpoint(worker);
  let pending = 0;
  // Each message to the worker is a call, and each message from it the answer to one.
  worker.on("message", () => {
    pending -= 1;
    if (pending === 0) worker.unref();
  });
  return {
    ...endpoint,
    postMessage(message, transfer) {
      endpoint.postMessage(message, transfer);
      pending += 1;
      if (pending === 1) worker.ref();
    },
  };
}
