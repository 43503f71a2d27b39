/** Runs the recipes of docs/guide/cookbook.md that run in a page, word for word, on the built package. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { blank, start } from "./browser.js";
import { ratings, titles } from "./ratings.js";
import { block, PLACES, RECIPES } from "./recipes.js";

/** Files that the recipes fetch. */
const FILES = {
  "ratings.csv": ratings(),
  "items.csv": titles(),
  "new.csv": "user,item,timestamp\nnewcomer,22423,2000000\nnewcomer,i4,2000001\n17850,i2,2000002\n",
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
  "Continue tomorrow with new data": ([users, length]) => users === 1 && length === 3,
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

test("every recipe has a test", () => {
  assert.deepEqual([...RECIPES.keys()], [...Object.keys(ENDS), ...PLACES]);
  assert.ok(RECIPES.size >= 15);
});

for (const title of Object.keys(ENDS)) {
  test(title, async () => {
    const code = block(title, "js");
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
