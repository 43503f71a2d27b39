/** Tests README's example, word for word: it compiles with the package's types and runs on the built package. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import ts from "typescript";

import { blank, start } from "./browser.js";
import { ratings } from "./ratings.js";
import { complaints } from "./types.js";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const SNIPPET = /```ts\n([^]*?)```/.exec(README)?.[1] ?? assert.fail("README has no example");

/** Returns the example in a function, with the two names that the surrounding page defines. */
const [IMPORT, ...BODY] = SNIPPET.trim().split("\n");
const MODULE = `${IMPORT}
import type { EpochReport } from "twotower";
export async function example(chart: EpochReport[], signal: AbortSignal): Promise<void> {
${BODY.join("\n")}
}`;

let session;
before(async () => (session = await start()));
after(() => session?.stop());

test("the example compiles with the package's types", () => {
  assert.deepEqual(complaints(MODULE), []);
  assert.equal(complaints(MODULE.replace("batchSize", "batchSizes")).length, 1, "the compiler accepts a wrong option");
});

test("the example runs", async () => {
  const { page, faults, close } = await blank(session);
  await page.route("**/ratings.csv", (route) => route.fulfill({ body: ratings() }));
  const code = ts.transpile(MODULE, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
  await page.route("**/example.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: code.replace('"twotower"', '"./twotower.js"') }),
  );
  const epochs = await page.evaluate(async () => {
    const { example } = await import("./example.js");
    const chart = [];
    await example(chart, new AbortController().signal);
    return chart;
  });
  assert.deepEqual(epochs.map(({ epoch }) => epoch), Array.from({ length: 12 }, (_, ix) => ix + 1));
  assert.ok(epochs.at(-1).loss < epochs[0].loss, "the loss falls");
  assert.ok(epochs.every((epoch) => epoch["ndcg@20"] > 0 && epoch["ndcg@20"] <= 1), "NDCG is a share");
  assert.deepEqual(faults, []);
  await close();
});
