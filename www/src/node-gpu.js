/**
 * Gives a thread of Node.js the `navigator.gpu` of a browser, through the npm package `webgpu`: Dawn, Chrome's WebGPU.
 * This is plain JavaScript because `crates/lab/browser/drive-node.mjs` imports it without a build.
 */

import { createRequire } from "node:module";
import { env } from "node:process";

/** Environment variable with Dawn's options, separated by semicolons, as in `backend=vulkan;adapter=NVIDIA H100`. */
const OPTIONS = "TWOTOWER_DAWN";

/**
 * Exports of the npm package: `globals` contains the names of WebGPU, such as `GPUBufferUsage`.
 * @typedef {{ create: (options: string[]) => object, globals: Record<string, any> }} Dawn
 */

/** Methods of Dawn that return promises. */
const PROMISING = {
  GPU: ["requestAdapter"],
  GPUAdapter: ["requestDevice"],
  GPUBuffer: ["mapAsync"],
  GPUDevice: ["createComputePipelineAsync", "createRenderPipelineAsync", "popErrorScope"],
  GPUQueue: ["onSubmittedWorkDone"],
  GPUShaderModule: ["getCompilationInfo"],
};

/** Number of Dawn's promises that are not settled. */
let pending = 0;
/** @type {(() => void) | undefined} */
let listener;

/**
 * Calls `listen` as soon as no promise of Dawn is pending: at once, or when the last one settles, before the code that
 * awaits it. If a thread ends while a promise is pending, Dawn ends the process.
 * @param {() => void} listen
 */
export function whenSettled(listen) {
  listener = listen;
  if (pending === 0) listen();
}

/**
 * Defines `navigator.gpu`. The first read calls `before` and loads Dawn; if that fails, the read throws
 * the reason.
 * @param {() => void} [before]
 */
export function provideGpu(before) {
  /** @type {object | undefined} */
  let gpu;
  const get = () => (gpu ??= start(before));
  // Node.js 20 has no navigator.
  const navigator = globalThis.navigator ?? {};
  Object.defineProperty(navigator, "gpu", { get, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
}

/** @param {(() => void) | undefined} before */
function start(before) {
  const { create, globals } = load(before);
  // The crate looks for `navigator` in a window or in a worker.
  Object.assign(globalThis, globals, { WorkerGlobalScope: Object });
  for (const [name, methods] of Object.entries(PROMISING)) {
    for (const method of methods) count(globals[name].prototype, method);
  }
  return create((env[OPTIONS] ?? "").split(";").filter((option) => option !== ""));
}

/**
 * Makes a method count its promises.
 * @param {any} prototype
 * @param {string} method
 */
function count(prototype, method) {
  const plain = prototype[method];
  prototype[method] = function (/** @type {unknown[]} */ ...parameters) {
    const promise = plain.apply(this, parameters);
    pending += 1;
    return promise.finally(() => {
      pending -= 1;
      if (pending === 0) listener?.();
    });
  };
}

/**
 * @param {(() => void) | undefined} before
 * @returns {Dawn}
 */
function load(before) {
  const require = createRequire(import.meta.url);
  let path;
  try {
    path = require.resolve("webgpu");
  } catch (cause) {
    throw new Error("Node.js has no WebGPU of its own: install the npm package `webgpu`", { cause });
  }
  before?.();
  try {
    return require(path);
  } catch (cause) {
    throw new Error(`the npm package \`webgpu\` could not be loaded: ${String(cause)}`, { cause });
  }
}
