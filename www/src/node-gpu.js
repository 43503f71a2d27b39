/**
 * Gives a thread of Node.js the `navigator.gpu` of a browser, by the npm package `webgpu`: Dawn, Chrome's WebGPU.
 * Plain JavaScript: `xtask/browser/drive-node.mjs` imports it as it is.
 */

import { createRequire } from "node:module";
import { env } from "node:process";

/** The variable with Dawn's options, separated by semicolons, as in `backend=vulkan;adapter=NVIDIA H100`. */
const OPTIONS = "TWOTOWER_DAWN";

/**
 * The exports of the npm package: `globals` has the names of WebGPU, such as `GPUBufferUsage`.
 * @typedef {{ create: (options: string[]) => object, globals: Record<string, unknown> }} Dawn
 */

/** Defines `navigator.gpu`. Dawn is loaded when it is first read; if that fails, reading throws the reason. */
export function provideGpu() {
  /** @type {object | undefined} */
  let gpu;
  const get = () => (gpu ??= start());
  // Node.js 20 has no navigator.
  const navigator = globalThis.navigator ?? {};
  Object.defineProperty(navigator, "gpu", { get, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

function start() {
  const { create, globals } = load();
  // The crate looks for `navigator` in a window or in a worker.
  Object.assign(globalThis, globals, { WorkerGlobalScope: Object });
  return create((env[OPTIONS] ?? "").split(";").filter((option) => option !== ""));
}

/** @returns {Dawn} */
function load() {
  const require = createRequire(import.meta.url);
  let path;
  try {
    path = require.resolve("webgpu");
  } catch (cause) {
    throw new Error("Node.js has no WebGPU of its own: install the npm package `webgpu`", { cause });
  }
  try {
    return require(path);
  } catch (cause) {
    throw new Error(`the npm package \`webgpu\` could not be loaded: ${String(cause)}`, { cause });
  }
}
