/** Tests lost devices and workers: a loss at any stage of a run does not change its results. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { blank, open, sabotage, start } from "./browser.js";
import { ratings } from "./ratings.js";
import { main, phase, quick } from "./visit.js";

let session;
before(async () => (session = await start()));
after(() => session?.stop());

/** Runs in the worker: destroys its device right after given readbacks are requested, or before given calls. */
const LOSE = `(() => {
  const channel = new BroadcastChannel("lose");
  const { requestDevice } = GPUAdapter.prototype;
  const { mapAsync } = GPUBuffer.prototype;
  let device, maps = [], calls = [], asked = 0;
  GPUAdapter.prototype.requestDevice = async function (...how) {
    return (device = await requestDevice.apply(this, how));
  };
  GPUBuffer.prototype.mapAsync = function (...how) {
    const mapped = mapAsync.apply(this, how);
    if (++asked === maps[0]) {
      maps.shift();
      device.destroy();
    }
    return mapped;
  };
  addEventListener("message", ({ data }) => {
    if (data.argumentList?.[1]?.value !== calls[0] || calls.length === 0) return;
    calls.shift();
    device.destroy();
  });
  channel.onmessage = ({ data }) => {
    if (!device || !data.plan) return;
    channel.postMessage({ asked, left: maps.length + calls.length });
    ({ maps = [], calls = [] } = data.plan);
    asked = 0;
  };
})();`;

test("a run with a lost device has the same results, to the bit, at any time of the loss", async () => {
  const { page, faults, close } = await blank(session);
  await sabotage(page, LOSE);
  const runs = await page.evaluate(
    async ([csv]) => {
      const { Trainer } = await import("./twotower.js");
      const channel = new BroadcastChannel("lose");
      const plan = (plan) =>
        new Promise((resolve) => {
          channel.onmessage = ({ data }) => resolve(data);
          channel.postMessage({ plan });
        });
      const options = { batchSize: 64, dim: 8, epochs: 3, seed: 5, backend: "webgpu", split: { validation: 0.1 } };
      const run = async (fate) => {
        const trainer = await Trainer.create(csv, options);
        await plan(fate);
        const [losses, epochs] = [[], []];
        const onProgress = (progress) => void losses.push(...progress.losses);
        for await (const epoch of trainer.train({ onProgress })) epochs.push({ ...epoch, seconds: 0 });
        const top = await trainer.recommend({ user: "17850" }, 5);
        await trainer.save();
        const vectors = await trainer.export("items.npy");
        const { final, recovered } = await trainer.report();
        const { asked, left } = await plan({});
        trainer.destroy();
        const same = { losses, epochs, top, vectors: [...vectors], final };
        return { same, recovered, asked, left, backend: trainer.about.backend };
      };
      const whole = await run({});
      const at = (share) => Math.ceil(share * whole.asked);
      const fates = [
        { maps: [at(0.2)], calls: ["recommend"] },
        { maps: [at(0.6)], calls: ["save"] },
        // Twice in a row: the second loss is that of the resumed run.
        { maps: [at(0.4), at(0.4) + 1], calls: ["export"] },
      ];
      const broken = [];
      for (const fate of fates) broken.push({ fate, ...(await run(fate)) });
      return { whole, broken };
    },
    [ratings()],
  );
  await close();
  const { whole, broken } = runs;
  assert.deepEqual([whole.recovered, whole.same.epochs.length], [[], 3]);
  for (const { fate, same, recovered, left, backend } of broken) {
    const name = JSON.stringify(fate);
    assert.deepEqual(same, whole.same, name);
    assert.deepEqual([left, backend, recovered.length], [0, "webgpu", fate.maps.length + fate.calls.length], name);
    for (const { reason, epochs } of recovered) {
      assert.match(reason, /GPU/);
      assert.ok(epochs <= 3);
    }
  }
  assert.deepEqual(faults, []);
});

test("without another device the run resumes on the CPU", async () => {
  const { page, close } = await blank(session);
  await sabotage(page, `${LOSE}
    let given = 0;
    const { requestAdapter } = GPU.prototype;
    GPU.prototype.requestAdapter = function (...how) {
      return ++given > 1 ? Promise.resolve(null) : requestAdapter.apply(this, how);
    };`);
  const found = await page.evaluate(
    async ([csv]) => {
      const { Trainer } = await import("./twotower.js");
      const options = { batchSize: 64, dim: 8, epochs: 4, seed: 5 };
      const run = async (backend) => {
        const trainer = await Trainer.create(csv, { ...options, backend });
        if (backend === "webgpu") new BroadcastChannel("lose").postMessage({ plan: { maps: [20] } });
        const losses = [];
        for await (const epoch of trainer.train({ onProgress: (slice) => void losses.push(...slice.losses) })) epoch.epoch;
        const { recovered } = await trainer.report();
        const { backend: taken, reason } = trainer.about;
        trainer.destroy();
        return { losses, recovered, taken, reason };
      };
      return { broken: await run("webgpu"), cpu: await run("cpu") };
    },
    [ratings()],
  );
  await close();
  const { broken, cpu } = found;
  assert.deepEqual([broken.taken, broken.reason], ["cpu", "the GPU was lost"]);
  assert.deepEqual(broken.recovered.map(({ backend }) => backend), ["cpu"]);
  assert.equal(broken.losses.length, cpu.losses.length);
  broken.losses.forEach((loss, step) => assert.ok(Math.abs(loss - cpu.losses[step]) < 1e-3, `step ${step}`));
});

test("a killed GPU process and a call of WebGPU that throws do not end a run, and the page shows that it resumed", async () => {
  const { page, close } = await open(session, { path: "#backend=webgpu" });
  await phase(page, "Start training");
  await quick(page, 8);
  await main(page).click();
  const table = page.locator("tt-epoch-table tbody tr");
  await table.nth(1).waitFor({ state: "attached", timeout: 60_000 });
  const chromium = await session.browser.newBrowserCDPSession();
  await chromium.send("Browser.crashGpuProcess");
  await page.locator("tt-run-controls").getByText(/The run was interrupted: the GPU.* It resumed (after|within) epoch/).waitFor({ timeout: 60_000 });
  assert.equal(await page.locator("tt-error-note").getByText("lost").count(), 0);

  // The crate cannot catch it: the worker ends, and another one resumes from the page's copy.
  const spoil = () => {
    GPUDevice.prototype.createBuffer = () => {
      throw new RangeError("no such buffer");
    };
  };
  await Promise.all(page.workers().map((worker) => worker.evaluate(spoil)));
  await page.locator("tt-run-controls").getByText(/no such buffer.* It resumed (after|within) epoch \d+ on WebGPU/).waitFor({ timeout: 60_000 });
  await phase(page, "Train again");
  assert.equal(await page.locator("tt-epoch-table tbody tr").count(), 9, "eight epochs and popularity");
  await close();
});

test("a run with a copy in the page survives its worker", async () => {
  const { page, close } = await open(session, { path: "#backend=cpu" });
  await phase(page, "Start training");
  await quick(page, 300);
  await main(page).click();
  await page.locator("tt-epoch-table tbody tr").nth(2).waitFor({ state: "attached", timeout: 60_000 });
  const breaks = (worker) => worker.evaluate(() => void setTimeout(() => { throw new Error("broken"); }));
  await Promise.all(page.workers().map(breaks));
  await page.locator("tt-run-controls").getByText(/broken\. It resumed after epoch \d+ on the CPU/).waitFor({ timeout: 60_000 });
  await phase(page, "Pause");
  await close();
});
