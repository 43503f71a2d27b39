/** Tests the parts of the export menu that need no browser: names of files, CSV, and the run as code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { runnerImport } from "vite";

const load = async (path) => (await runnerImport(new URL(`../src/${path}`, import.meta.url).pathname)).module;

const { fileName } = await load("page/downloads.ts");
const { cell, recommendationsCsv } = await load("page/recommendations-csv.ts");
const { changes, commandOf, scriptOf } = await load("page/run-code.ts");

test("names of files contain the data set and the day", () => {
  const day = new Date(2026, 0, 5, 23, 59);
  const name = (id, title) => fileName({ id, title }, "recommendations.csv", day);
  assert.equal(name("goodbooks", "Goodbooks"), "goodbooks-2026-01-05-recommendations.csv");
  assert.equal(name("own", "My Ratings (v2).csv.gz, items.csv"), "my-ratings-v2-2026-01-05-recommendations.csv");
  assert.equal(name("own", "u.data"), "u-2026-01-05-recommendations.csv");
  assert.equal(name("own", "../../книги.csv"), "книги-2026-01-05-recommendations.csv");
  assert.equal(name("own", "???.csv"), "data-2026-01-05-recommendations.csv");
  assert.equal(name("own", `${"x".repeat(300)}.csv`).length, 40 + "-2026-01-05-recommendations.csv".length);
  assert.equal(name("own", "goodbooks-2025-11-26-model.safetensors"), "goodbooks-2026-01-05-recommendations.csv", "an old date is replaced");
});

test("a cell is never a formula, numbers stay numbers, and quotes are doubled", () => {
  const cells = {
    Plain: "Plain",
    17850: "17850",
    "-5": "-5",
    "+1.5e-3": "+1.5e-3",
    "-5+cmd": "'-5+cmd",
    "=1+1": "'=1+1",
    '=HYPERLINK("http://x","y")': `"'=HYPERLINK(""http://x"",""y"")"`,
    "+x": "'+x",
    "@SUM": "'@SUM",
    " =1": "' =1",
    "＝1": "'＝1",
    "\tx": `"'\tx"`,
    "\rx": `"'\rx"`,
    "a, b": '"a, b"',
    "a;=b": '"a;=b"',
    'say "x"': '"say ""x"""',
    "two\nlines": '"two\nlines"',
    "": "",
  };
  assert.deepEqual(Object.fromEntries(Object.keys(cells).map((text) => [text, cell(text)])), cells);
});

test("recommendations come in blocks, and users without training data have no lines", async () => {
  const asked = [];
  const trainer = {
    async recommendAll(users, k) {
      asked.push(users.length);
      const list = Array.from({ length: k }, (_, ix) => ({ item: `i${ix}`, title: ix === 0 ? "=A" : null, score: -Math.fround(0.1) * (ix + 1), because: [] }));
      return users.map((user) => (user.startsWith("none") ? [] : list));
    },
  };
  const read = async (users) => {
    const blocks = [];
    for await (const block of recommendationsCsv(trainer, users, 2)) blocks.push(block);
    return blocks;
  };
  const [head, ...blocks] = await read([...Array.from({ length: 299 }, (_, ix) => `u${ix}`), "none"]);
  assert.equal(head.text, "user,rank,item,title,score\n");
  assert.deepEqual(asked, [256, 44]);
  assert.deepEqual(blocks.map(({ users, lists }) => [users, lists]), [[256, 256], [300, 43]]);
  assert.ok(blocks[0].text.startsWith("u0,1,i0,'=A,-0.1\nu0,2,i1,,-0.2\nu1,1,"));
});

const SPECS = [
  ["preset", null],
  ["dim", 64],
  ["epochs", 12],
  ["onebp.beta", 0.99],
  ["cbns.capacity", 4096],
  ["cbns.warmup", "auto"],
  ["tune.temperature", [0.1, 0.2]],
  ["split.kind", "random"],
  ["data.columns.user", null],
].map(([key, usual]) => ({ key, kinds: [], default: usual, doc: "" }));

const CONFIG = { preset: "fast", dim: 32, epochs: 12, onebp: { beta: 0.99 }, cbns: { capacity: 64, warmup: "auto" }, tune: null, split: { kind: "given" }, data: { columns: { user: null } } };
const WORDS = { user: "user", item: "item", history: "" };
const read = (...files) => files.map(([part, file]) => ({ part, file }));

test("a run's options are those that differ from the defaults, and a group that is on stays on", () => {
  assert.deepEqual(changes(CONFIG, SPECS), { dim: 32, "onebp.beta": 0.99, "cbns.capacity": 64, "split.kind": "given" });
});

test("a run is a command line that xtask understands", () => {
  const about = { config: CONFIG, data: { read: [] } };
  const shipped = { dataSet: { id: "goodbooks", title: "Goodbooks", words: WORDS }, about, backend: "cpu", specs: SPECS };
  const command = "cargo xtask train --dataset goodbooks --set dim=32 --set onebp.beta=0.99 --set cbns.capacity=64 --backend cpu";
  assert.equal(commandOf(shipped), command);
  const xtask = readFileSync(new URL("../../crates/lab/src/train.rs", import.meta.url), "utf8");
  assert.ok(xtask.includes(command.replace("cargo xtask train ", "")), "xtask has a test of it");

  const config = { ...CONFIG, dim: 64, onebp: null, cbns: null, tune: { temperature: [0.3] }, split: { kind: "temporal" }, data: { columns: { user: "1" } } };
  const own = { ...shipped, backend: "auto", dataSet: { ...shipped.dataSet, id: "own", title: "it's mine.csv.gz, items.csv" } };
  const files = read(["all", "it's mine.csv"], ["items", "items.csv"]);
  assert.equal(
    commandOf({ ...own, about: { config, data: { read: files } } }),
    String.raw`cargo xtask train --data 'it'\''s mine.csv.gz' --items items.csv --set 'tune.temperature=[0.3]' --set split.kind=temporal --set 'data.columns.user="1"'`,
  );
  const parts = read(["train", "a.csv"], ["validation", "c.csv"], ["test", "b.csv"]);
  assert.match(commandOf({ ...own, about: { config: CONFIG, data: { read: parts } } }), / train --train a\.csv --validation c\.csv --test b\.csv --set dim=32 /);
  const saved = { ...own, dataSet: { ...own.dataSet, title: "mine.safetensors", resume: () => {} } };
  assert.match(commandOf(saved), /^cargo xtask train --resume mine-\d{4}-\d\d-\d\d-model\.safetensors$/);
  assert.match(scriptOf(saved), /Trainer\.load\(await saved\.blob\(\)\)/);
});
