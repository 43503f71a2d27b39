/** Runs each recipe of docs/guide/cookbook.md, word for word, on the built package. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { blank, start } from "./browser.js";
import { ratings, titles } from "./ratings.js";

const COOKBOOK = readFileSync(new URL("../../docs/guide/cookbook.md", import.meta.url), "utf8");
const RECIPES = COOKBOOK.split("\n## ").slice(1).flatMap((section) => {
  const [title] = section.split("\n");
  return [...section.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => ({ title, code }));
});

/** Files that the recipes fetch. */
const FILES = {
  "ratings.csv": ratings(),
  "items.csv": titles(),
  "odd.csv": ratings()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","))
    .map(([user, item, time]) => `${time};${user};${item};1`)
    .join("\n"),
};

/** Checks of the last line that a recipe logs. */
const ENDS = {
  "Recommend for a new visitor": ([item, score, because]) => item && score < 1 && ["22423", "85123A"].includes(because),
  "Recommend only what is in stock, and nothing twice": ([items]) => items.length > 0 && !items.includes("i7"),
  "Show similar items on a shop page": ([items]) => items.length === 5,
  "Train in a worker and keep the run in IndexedDB": ([count]) => count === 3,
  "Continue a run with more epochs": ([epoch]) => epoch === 5,
  "Compare two temperatures": ([temperature, ndcg]) => temperature === 0.2 && ndcg > 0,
  "Read your own CSV with odd columns": ([epoch]) => epoch === 2,
  "Recommend items that nobody has chosen yet": ([items, unknown]) => items.length === 5 && unknown === 0,
  "Pause, resume and stop": ([epochs]) => epochs === 3,
  "Export to FAISS": ([name, length]) => name === "ids.json" && length > 0,
  "Export to ONNX or to the Embedding Projector": ([name, url]) => name === "metadata.tsv" && url.startsWith("blob:"),
};

let session;
before(async () => (session = await start()));
after(() => session?.stop());

test("every recipe has a check", () => {
  assert.deepEqual(RECIPES.map(({ title }) => title), Object.keys(ENDS));
});

for (const { title, code } of RECIPES) {
  test(title, async () => {
    const { page, faults, close } = await blank(session);
    for (const [name, body] of Object.entries(FILES)) await page.route(`**/${name}`, (route) => route.fulfill({ body }));
    const module = code.replace('"twotower"', '"./twotower.js"');
    await page.route("**/recipe.js", (route) => route.fulfill({ contentType: "text/javascript", body: module }));
    const logged = await page.evaluate(async () => {
      const lines = [];
      console.log = (...values) => lines.push(values);
      await import("./recipe.js");
      return lines;
    });
    assert.ok(logged.length > 0 && ENDS[title](logged.at(-1)), JSON.stringify(logged.at(-1)));
    assert.deepEqual(faults, []);
    await close();
  });
}
