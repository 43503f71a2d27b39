/** Tests that runs in a shared worker share its GPU device, and that each one frees its own memory. */

/* global Trainer, csv, options, losses, refusal -- names that exist in the page */

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { blank, sabotage, start } from "./browser.js";
import { ratings } from "./ratings.js";
import { until } from "./visit.js";

/** Runs first in each worker: reports its devices and the bytes in buffers to the page. On request, allocations fail. */
const WATCH = `
  const channel = new BroadcastChannel("gpu");
  let short = false;
  channel.onmessage = ({ data }) => (short = data.short);
  const around = (type, method, call) => {
    const inner = type.prototype[method];
    type.prototype[method] = function (...how) { return call.call(this, () => inner.apply(this, how)); };
  };
  around(GPUAdapter, "requestDevice", async function (inner) {
    channel.postMessage({ opened: 1 });
    const device = await inner();
    device.lost.then(({ reason }) => channel.postMessage({ [reason]: 1 }));
    return device;
  });
  const held = new WeakSet();
  around(GPUDevice, "createBuffer", function (inner) {
    const buffer = inner();
    held.add(buffer);
    channel.postMessage({ bytes: buffer.size });
    return buffer;
  });
  around(GPUBuffer, "destroy", function (inner) {
    if (held.delete(this)) channel.postMessage({ bytes: -this.size });
    return inner();
  });
  around(GPUDevice, "popErrorScope", async function (inner) {
    const error = await inner();
    return short ? new GPUOutOfMemoryError("made up") : error;
  });`;

let session, page, faults, close;
before(async () => (session = await start()));
after(() => session?.stop());
beforeEach(async () => {
  ({ page, faults, close } = await blank(session));
  await sabotage(page, WATCH);
  await page.evaluate(
    async ([csv]) => {
      const { Trainer } = await import("./twotower.js");
      const options = { batchSize: 64, dim: 8, epochs: 2, seed: 1, backend: "webgpu", share: true };
      const losses = async (trainer) => {
        const losses = [];
        for await (const { loss } of trainer.train()) losses.push(loss);
        return losses;
      };
      const refusal = (work) => work.then(() => "accepted", ({ code }) => code);
      const seen = { opened: 0, destroyed: 0, unknown: 0, bytes: 0 };
      const channel = new BroadcastChannel("gpu");
      channel.onmessage = ({ data }) => Object.keys(data).forEach((key) => (seen[key] += data[key]));
      Object.assign(window, { Trainer, csv, options, losses, refusal, seen, channel });
    },
    [ratings()],
  );
});
afterEach(async () => {
  assert.deepEqual(faults, []);
  await close();
});

const inPage = (work, value) => page.evaluate(work, value);
const seen = () => inPage(() => window.seen);

test("ten runs of a worker open one device, and the last one closes it", async () => {
  const RUNS = 10;
  const trained = await inPage(async (runs) => {
    // Keeps the worker.
    window.keeper = await Trainer.create(csv, { ...options, backend: "cpu" });
    window.runs = await Promise.all(Array.from({ length: runs }, () => Trainer.create(csv, options)));
    return Promise.all(window.runs.map(losses));
  }, RUNS);
  for (const losses of trained) assert.deepEqual(losses, trained[0]);
  const full = await seen();
  assert.equal(full.opened, 1);
  assert.equal(page.workers().length, 1);

  await inPage(() => window.runs.slice(1).forEach((run) => run.destroy()));
  await until(async () => (await seen()).bytes < (1.5 / RUNS) * full.bytes);
  assert.equal(await inPage(async () => (await window.runs[0].recommend({ user: "17850" }, 5)).length), 5);
  assert.equal((await seen()).destroyed, 0, "the device has a user");

  await inPage(() => window.runs[0].destroy());
  await until(async () => (await seen()).destroyed === 1);
  assert.equal((await seen()).bytes, 0);
  assert.deepEqual(await inPage(async () => losses(await Trainer.create(csv, options))), trained[0], "a later run opens another device");
  assert.equal((await seen()).opened, 2);
});

test("ten elements on one page open one device in one worker, and close both", async () => {
  const ELEMENTS = 10;
  await inPage(async (count) => {
    await import("./element.js");
    const url = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    const attributes = { dataset: url, epochs: 1, loading: "eager", autostart: "", backend: "webgpu", config: '{"dim": 8, "batchSize": 64}' };
    window.told = { done: 0, error: 0 };
    for (const name of ["done", "error"]) addEventListener(`twotower-${name}`, () => (window.told[name] += 1));
    const elements = Array.from({ length: count }, () => {
      const element = document.createElement("two-tower-trainer");
      Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
      return element;
    });
    document.body.replaceChildren(...elements);
  }, ELEMENTS);
  await until(() => inPage((count) => window.told.done + window.told.error === count, ELEMENTS));
  assert.deepEqual(await inPage(() => window.told), { done: ELEMENTS, error: 0 });
  const full = await seen();
  assert.equal(full.opened, 1);
  assert.equal(page.workers().length, 1);
  await inPage(() => [...document.querySelectorAll("two-tower-trainer")].slice(1).forEach((element) => element.remove()));
  await until(async () => (await seen()).bytes < (1.5 / ELEMENTS) * full.bytes);
  await inPage(() => document.querySelector("two-tower-trainer").remove());
  await until(() => page.workers().length === 0);
});

test("the worker ends with the last of the runs that share it", async () => {
  await inPage(async () => (window.runs = [await Trainer.create(csv, options), await Trainer.create(csv, options)]));
  const full = await seen();
  await inPage(() => window.runs[0].destroy());
  await until(async () => (await seen()).bytes < full.bytes);
  assert.equal(page.workers().length, 1);
  await inPage(() => window.runs[1].destroy());
  await until(() => page.workers().length === 0);
});

test("a run that fails or is aborted does not affect others on its device", async () => {
  const alone = await inPage(async () => losses(await Trainer.create(csv, { ...options, share: false })));
  await inPage(async () => (window.run = await Trainer.create(csv, options)));
  const { bytes, opened } = await seen();
  const refused = await inPage(async () => {
    window.training = losses(window.run);
    const control = new AbortController();
    const givenUp = refusal(Trainer.create(csv, { ...options, signal: control.signal }));
    setTimeout(() => control.abort(), 5);
    const wild = { ...options, temperature: 1e-4, normalize: false, epochs: 50, optimizer: { kind: "sgd", learningRate: 100 } };
    const diverges = await Trainer.create(csv, wild);
    const diverged = await refusal(losses(diverges));
    diverges.destroy();
    return [await givenUp, diverged];
  });
  assert.deepEqual(refused, ["aborted", "non-finite"]);
  assert.deepEqual(await inPage(() => window.training), alone);

  // A reset frees the old model before it fails, and the next reset succeeds.
  await inPage(async () => {
    const { share, ...again } = options;
    Object.assign(window, { again, other: await Trainer.create(csv, { ...again, share }) });
    window.channel.postMessage({ short: true });
  });
  assert.equal(await inPage(() => refusal(Trainer.create(csv, options))), "out-of-memory");
  assert.equal(await inPage(() => refusal(window.other.reset(window.again))), "out-of-memory");
  assert.equal(await inPage(() => refusal(window.other.save())), "out-of-memory");
  await until(async () => (await seen()).bytes < 1.5 * bytes);
  await inPage(() => window.channel.postMessage({ short: false }));
  assert.deepEqual(await inPage(async () => (await window.other.reset(window.again), losses(window.other))), alone);
  await inPage(() => window.other.destroy());
  await until(async () => (await seen()).bytes < 1.5 * bytes);
  assert.equal(await inPage(async () => (await window.run.recommend({ user: "17850" }, 5)).length), 5);
  assert.equal((await seen()).opened, opened, "all of them used one device");
});

test("a run without enough GPU memory frees it before the fallback to the CPU", async () => {
  const HARDWARE = 'Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });';
  await page.unroute("**/worker.js");
  await sabotage(page, HARDWARE + WATCH + "short = true;");
  const about = await inPage(async () => {
    window.run = await Trainer.create(csv, { ...options, backend: "auto" });
    return window.run.about;
  });
  assert.equal(about.backend, "cpu");
  assert.match(about.reason, /memory/);
  await until(async () => (await seen()).destroyed === 1);
  assert.equal((await seen()).bytes, 0);
});
