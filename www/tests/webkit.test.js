/** Tests the demo page in WebKitGTK, which has no WebGPU: the CPU path in a third engine. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { trainDemo, trainElement, webkit } from "./engines.js";

const skip = process.platform === "linux" ? false : "WebKitGTK is for Linux";

let engine;
before(async () => {
  if (!skip) engine = await webkit();
});
after(() => engine?.stop());

test("the demo page trains and answers in WebKitGTK, on the CPU", { skip }, async () => {
  const page = await engine.open();
  const { backend, epochs, items } = await trainDemo(page);
  assert.match(backend, /CPU\s+because .+WebGPU/);
  assert.equal(epochs.length, 3, `two epochs and popularity: ${epochs}`);
  assert.equal(items, 10);
  assert.deepEqual(await page.faults(), []);
  await page.close();
});

test("the element trains in WebKitGTK", { skip }, async () => {
  const { ndcg, ...rest } = await trainElement(engine, "auto");
  assert.deepEqual(rest, { backend: "cpu", epochs: 2, faults: [] });
  assert.ok(ndcg > 0.01, `NDCG@20 is ${ndcg}`);
});
