/** Gives a thread of Node.js the `navigator.gpu` of a browser, by the npm package `webgpu`: Dawn, Chrome's WebGPU. */

import { createRequire } from "node:module";
import { env } from "node:process";

/** The variable with Dawn's options, separated by semicolons, as in `adapter=NVIDIA H100;backend=vulkan`. */
const OPTIONS = "TWOTOWER_DAWN";

/** The exports of the npm package. */
interface Dawn {
  create: (options: string[]) => object;
  /** `GPUBufferUsage` and the other names of WebGPU. */
  globals: Record<string, unknown>;
}

/** Defines `navigator.gpu`. Dawn is loaded when it is first read; if that fails, reading throws the reason. */
export function provideGpu(): void {
  let gpu: object | undefined;
  const get = (): object => (gpu ??= start());
  const { navigator = {} } = globalThis as { navigator?: object };
  Object.defineProperty(navigator, "gpu", { get, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

function start(): object {
  const { create, globals } = load();
  // The crate looks for `navigator` in a window or in a worker.
  Object.assign(globalThis, globals, { WorkerGlobalScope: Object });
  return create((env[OPTIONS] ?? "").split(";").filter((option) => option !== ""));
}

function load(): Dawn {
  const require = createRequire(import.meta.url);
  let path;
  try {
    path = require.resolve("webgpu");
  } catch (cause) {
    throw new Error("Node.js has no WebGPU of its own: install the npm package `webgpu`", { cause });
  }
  try {
    return require(path) as Dawn;
  } catch (cause) {
    throw new Error(`the npm package \`webgpu\` could not be loaded: ${(cause as Error).message}`, { cause });
  }
}
