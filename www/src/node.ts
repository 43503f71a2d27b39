/** Train a two-tower recommender in Node.js, as in a page: on the CPU, or on a GPU through the npm package `webgpu`. */

import { Worker } from "node:worker_threads";

import type { Endpoint } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

import { addressOf } from "./addresses.js";
import { TwoTowerError } from "./error.js";
import { end, endWithProcess, freshState } from "./node-end.js";
import { sendBlobsAsStreams } from "./source.js";
import { type Spawned, spawnWith } from "./thread.js";

export * from "./index.js";

spawnWith(spawn);
sendBlobsAsStreams();

/** Starts a worker thread. Calls `failed` with the reason if the thread fails, and when it ends. */
function spawn(failed: (reason: TwoTowerError) => void): Spawned {
  const state = freshState();
  const worker = started(state);
  endWithProcess(worker, state);
  worker.on("error", (error) => failed(failure(error)));
  worker.on("exit", (code) => failed(failure(new Error(`it ended with exit code ${code}`))));
  return { endpoint: counted(worker), terminate: () => end(worker, state) };
}

function started(state: Int32Array): Worker {
  try {
    const given = addressOf("workerUrl");
    const url = given === undefined ? new URL("./node-worker.js", import.meta.url) : new URL(given);
    return new Worker(url, { name: "twotower", workerData: state });
  } catch (thrown) {
    // The address is not a `file:` URL.
    throw failure(thrown as Error, "ERR_MODULE_NOT_FOUND");
  }
}

function failure(error: NodeJS.ErrnoException, code = error.code): TwoTowerError {
  const message = `the trainer's worker failed: ${error.message}`;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return new TwoTowerError("worker", message, {}, { cause: error });
  const advice = "set the `file:` URL of the package's `node-worker.js` with `configure({ workerUrl })`";
  return new TwoTowerError("worker", `${message}; ${advice}`, { option: "workerUrl" }, { cause: error });
}

/** Returns the endpoint of a worker. It keeps the process alive only while calls are pending. */
function counted(worker: Worker): Endpoint {
  const endpoint = nodeEndpoint(worker);
  let pending = 0;
  // Each message to the worker is a call, and each message from the worker answers one call.
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
