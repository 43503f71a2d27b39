/** Entry of the worker thread that trains in Node.js. */

import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";

import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

import { carryErrors, TwoTowerError } from "./error.js";
import { Host } from "./host.js";
import { enterDawn, obey } from "./node-end.js";
import { provideGpu } from "./node-gpu.js";
import type { WasmSource } from "./wasm.js";

/** A host that reads the compiled crate from disk. */
class FileHost extends Host {
  constructor() {
    super(() => read(new URL("./twotower.wasm", import.meta.url)));
  }

  override start(source: WasmSource | undefined): void {
    super.start(typeof source === "string" && source.startsWith("file:") ? read(new URL(source)) : source);
  }
}

async function read(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(url));
  } catch (cause) {
    const problem = `the compiled trainer could not be read (${(cause as Error).message})`;
    const advice = "set its address with `configure({ wasmUrl })`";
    throw new TwoTowerError("worker", `${problem}; ${advice}`, { url: url.href, option: "wasmUrl" }, { cause });
  }
}

if (parentPort === null) throw new Error("this file is the worker of the package `twotower`: import the package instead");
const state = workerData as Int32Array;
obey(parentPort, state);
provideGpu(() => enterDawn(state));
carryErrors();
expose(new FileHost(), nodeEndpoint(parentPort));
