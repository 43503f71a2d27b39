/** Tests the package and the demo page in Firefox, whose WebGPU compiles WGSL with naga and answers readbacks late. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { firefox, trainDemo, trainElement } from "./engines.js";
import { ratings } from "./ratings.js";

let engine;
before(async () => (engine = await firefox()));
after(() => engine?.stop());

test("Firefox trains to the same metrics on both backends", async () => {
  const page = await engine.open("twotower.js");
  const runs = await page.evaluate(async (csv) => {
    const { Trainer } = await import("./twotower.js");
    const runs = [];
    for (const backend of ["webgpu", "cpu"]) {
      const trainer = await Trainer.create(csv, { batchSize: 64, dim: 8, epochs: 4, seed: 1, optimizer: { learningRate: 0.02 }, backend });
      const epochs = [];
      for await (const epoch of trainer.train()) epochs.push({ loss: epoch.loss, recall: epoch["recall@10"] });
      const recommended = await trainer.recommend({ user: "17850" }, 3);
      runs.push({ backend: trainer.about.backend, epochs, items: recommended.map(({ item }) => item) });
      trainer.destroy();
    }
    return runs;
  }, ratings());
  assert.deepEqual(runs.map(({ backend }) => backend), ["webgpu", "cpu"]);
  for (const { epochs, items } of runs) {
    assert.equal(epochs.length, 4);
    assert.ok(epochs.at(-1).loss < epochs[0].loss, "the loss falls");
    assert.ok(epochs.at(-1).recall > 0.3, `recall@10 is ${epochs.at(-1).recall}`);
    assert.equal(items.length, 3);
  }
  const [webgpu, cpu] = runs.map(({ epochs }) => epochs.at(-1).loss);
  assert.ok(Math.abs(webgpu - cpu) < 1e-3, `${webgpu} on WebGPU, ${cpu} on the CPU`);
  assert.deepEqual(await page.faults(), []);
  await page.close();
});

/** Runs in a worker: reports each readback, and the empty submits that it took. */
const WATCH = `
  const channel = new BroadcastChannel("readbacks");
  let submits = 0;
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (commands) {
    if (commands.length === 0) submits += 1;
    return submit.call(this, commands);
  };
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = async function (...how) {
    const [from, before] = [performance.now(), submits];
    await mapAsync.apply(this, how);
    channel.postMessage({ milliseconds: performance.now() - from, submits: submits - before });
  };`;
const ELSEWHERE = 'Object.defineProperty(WorkerNavigator.prototype, "userAgent", { get: () => "another browser" });';

test("empty submits make Firefox check for a pending readback", async (t) => {
  const watch = async (code) => {
    const page = await engine.open("twotower.js");
    const readbacks = await page.evaluate(
      async (code, csv) => {
        const { configure, Trainer } = await import("./twotower.js");
        const script = new Blob([`${code}; import "${location.origin}/worker.js";`], { type: "text/javascript" });
        configure({ workerUrl: URL.createObjectURL(script), wasmUrl: "twotower.wasm" });
        const readbacks = [];
        new BroadcastChannel("readbacks").onmessage = ({ data }) => readbacks.push(data);
        const trainer = await Trainer.create(csv, { batchSize: 64, dim: 8, epochs: 2, backend: "webgpu" });
        for await (const epoch of trainer.train()) epoch.epoch;
        readbacks.length = 0;
        for (let n = 0; n < 5; n += 1) await trainer.recommend({ user: "17850" }, 3);
        trainer.destroy();
        return readbacks;
      },
      code,
      ratings(),
    );
    assert.deepEqual(await page.faults(), []);
    await page.close();
    assert.ok(readbacks.length >= 5);
    const mean = (key) => readbacks.reduce((sum, readback) => sum + readback[key], 0) / readbacks.length;
    return { milliseconds: mean("milliseconds"), submits: mean("submits") };
  };
  const [helped, alone] = [await watch(WATCH), await watch(WATCH + ELSEWHERE)];
  t.diagnostic(`a readback takes ${helped.milliseconds.toFixed(1)} ms, without help ${alone.milliseconds.toFixed(1)} ms`);
  assert.ok(helped.submits > 0);
  assert.equal(alone.submits, 0);
});

test("the demo page trains and answers in Firefox", async () => {
  const page = await engine.open();
  const { backend, epochs, items } = await trainDemo(page);
  assert.match(backend, /CPU\s+because .+/);
  assert.equal(epochs.length, 3, `two epochs and popularity: ${epochs}`);
  assert.equal(items, 10);
  assert.deepEqual(await page.faults(), []);
  await page.close();
});

for (const backend of ["webgpu", "cpu"]) {
  test(`the element trains in Firefox: ${backend}`, async () => {
    const { ndcg, ...rest } = await trainElement(engine, backend);
    assert.deepEqual(rest, { backend, epochs: 2, faults: [] });
    assert.ok(ndcg > 0.01, `NDCG@20 is ${ndcg}`);
  });
}
