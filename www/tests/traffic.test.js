/** Tests the GPU calls of training: no step allocates, uploads or waits. */

/* global train, at -- names that exist in the page */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, sabotage, start } from "./browser.js";

let session;
before(async () => {
  session = await start();
});
after(() => session?.stop());

/** Runs in the worker before anything else: counts the calls that could cost a step something. */
function count() {
  const calls = {};
  const counted = {
    GPUDevice: ["createBuffer", "createBindGroup", "createComputePipeline", "createShaderModule"],
    GPUQueue: ["writeBuffer", "submit", "onSubmittedWorkDone"],
    GPUBuffer: ["mapAsync"],
    GPUComputePassEncoder: ["dispatchWorkgroups"],
  };
  for (const [type, names] of Object.entries(counted)) {
    const { prototype } = globalThis[type];
    for (const name of names) {
      const original = prototype[name];
      calls[name] = 0;
      prototype[name] = function (...values) {
        calls[name] += 1;
        return original.apply(this, values);
      };
    }
  }
  globalThis.calls = calls;
}

/** Data of 12,000 pairs: an epoch has several slices, each with several windows of steps. */
function interactions() {
  const lines = ["user,item"];
  for (let user = 0; user < 240; user += 1) {
    for (let n = 0; n < 50; n += 1) lines.push(`u${user},i${(user * 7 + n * 3) % 180}`);
  }
  return lines.join("\n");
}

const CONFIGS = {
  "two backpropagations": {},
  "all techniques": {
    negatives: { kind: "mixed", count: 8 },
    onebp: { beta: 0.9 },
    cbns: { capacity: 40, warmup: 3 },
    skip: { policy: "random" },
  },
};

for (const [name, techniques] of Object.entries(CONFIGS)) {
  test(`no step allocates, uploads or waits: ${name}`, async () => {
    const prepare = (page) => sabotage(page, `(${count})();`);
    const { page, faults, close } = await open(session, { path: "twotower.js", prepare });
    await page.evaluate(
      async ([csv, techniques]) => {
        const { Trainer } = await import("./twotower.js");
        const trainer = await Trainer.create(csv, { ...techniques, backend: "webgpu", dim: 8, batchSize: 16, epochs: 1 });
        let arrived;
        // Trains until this number of steps is done, and stops there.
        globalThis.at = (step) =>
          new Promise((resolve) => {
            arrived = { step, resolve };
            globalThis.goOn?.();
          });
        globalThis.train = async () => {
          const onProgress = (progress) => {
            if (progress.step < arrived.step) return undefined;
            arrived.resolve({ step: progress.step, steps: progress.steps });
            return new Promise((resolve) => (globalThis.goOn = resolve));
          };
          for await (const epoch of trainer.train({ onProgress })) globalThis.epoch = epoch;
        };
      },
      [interactions(), techniques],
    );
    const calls = () => page.workers()[0].evaluate(() => ({ ...globalThis.calls }));

    const first = await page.evaluate(() => {
      const arrival = at(20);
      void train();
      return arrival;
    });
    const before = await calls();
    const last = await page.evaluate((step) => at(step), first.step + 65);
    const after = await calls();
    const during = Object.fromEntries(Object.keys(after).map((name) => [name, after[name] - before[name]]));

    const steps = last.step - first.step;
    assert.ok(steps > 64 && last.step < last.steps, `${steps} steps, over the edge of a window and within the epoch`);
    const { submit, mapAsync, dispatchWorkgroups, ...others } = during;
    assert.deepEqual(others, {
      createBuffer: 0,
      createBindGroup: 0,
      createComputePipeline: 0,
      createShaderModule: 0,
      writeBuffer: 0,
      onSubmittedWorkDone: 0,
    });
    assert.ok(submit < steps / 2, `${submit} submits of ${steps} steps`);
    assert.equal(mapAsync, submit, "the losses are read once per submit");
    assert.ok(dispatchWorkgroups > steps, "the counter counts");
    assert.deepEqual(faults, []);
    await close();
  });
}
