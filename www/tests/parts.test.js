/** Tests small parts of the page and of the package that need no browser. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { runnerImport } from "vite";

const load = async (path) => (await runnerImport(new URL(`../src/${path}`, import.meta.url).pathname)).module;

const { LossCurve } = await load("panels/loss-curve.ts");
const { ownSet, ownSource } = await load("page/own-files.ts");
const { nested, same } = await load("panels/settings.ts");
const { duration, elapsed, indefinite, milliseconds, scaled } = await load("panels/format.ts");
const { barredBy } = await load("panels/barred.ts");
const { estimate, learnSpeed } = await load("panels/estimate.ts");
const { bestOf, withSlice } = await load("panels/trials.ts");
const { inWords } = await load("page/words.ts");
const { STRATEGIES } = await load("panels/strategies.ts");
const { ONE_BP, switchedOff, switchedOn, TECHNIQUES } = await load("panels/techniques.ts");
const { isAhead, verdict } = await load("panels/verdict.ts");
const { open } = await load("read.ts");
const { CODES, TwoTowerError } = await load("error.ts");

const text = (path) => readFileSync(new URL(path, import.meta.url), "utf8");

/** Returns a slice of training that ends at a step of an epoch. */
const slice = (losses, epoch, step, steps, pairs = 0) => ({ losses, epoch, step, steps, pairs });

test("the loss curve of a short run contains each step", () => {
  const curve = new LossCurve();
  curve.push(slice([3, 2], 1, 2, 4), 8);
  curve.push(slice([1], 1, 3, 4), 8);
  assert.deepEqual(curve.points(), { epochs: [0.25, 0.5, 0.75], losses: [3, 2, 1] });
});

test("epochs of different lengths are equally wide in the curve", () => {
  const curve = new LossCurve();
  for (const [epoch, steps] of [[1, 10], [2, 10], [3, 4], [4, 7]]) {
    for (let step = 1; step <= steps; step++) curve.push(slice([1], epoch, step, steps), 8);
  }
  const { epochs } = curve.points();
  assert.equal(epochs.length, 31);
  assert.deepEqual(epochs, epochs.toSorted((a, b) => a - b));
  assert.deepEqual([epochs[9], epochs[19], epochs[23], epochs[30]], [1, 2, 3, 4]);
});

test("the short batch at an epoch's end counts by its pairs and is not a separate point", () => {
  const curve = new LossCurve();
  curve.push(slice([6, 6], 1, 2, 3, 200), 100);
  curve.push(slice([2], 1, 3, 3, 225), 100);
  curve.push(slice([5, 5, 1], 2, 3, 3, 450), 100);
  const { epochs, losses } = curve.points();
  assert.deepEqual([epochs[1], epochs.length], [1, 4]);
  assert.deepEqual(losses, [6, 5.2, 5, 4.2]);
  const whole = new LossCurve();
  // A batch that is the whole epoch is not a short batch.
  for (const epoch of [1, 2]) whole.push(slice([epoch], epoch, 1, 1, 30 * epoch), 100);
  assert.deepEqual(whole.points().losses, [1, 2]);
});

test("a saved run is recognized by its file name and resumes", () => {
  const set = ownSet([new File(["x"], "mine.safetensors")]);
  assert.equal(typeof set.resume, "function");
  assert.equal(typeof ownSet([new File(["x"], "mine.csv")]).resume, "undefined");
  assert.equal(ownSet([new File(["x"], "goodbooks-2026-11-26-model.safetensors")]).words.user, "reader");
});

test("the curve of a run that was saved within an epoch continues from there", () => {
  const curve = new LossCurve(slice([], 4, 1, 4, 26), { epochs: [1, 2, 3], losses: [9, 8, 7] });
  curve.push(slice([3, 2], 4, 3, 4, 42), 8);
  assert.deepEqual(curve.points(), { epochs: [1, 2, 3, 3.5, 3.75], losses: [9, 8, 7, 3, 2] });
});

test("the loss curve of a long run stays short, keeps the mean and ends at the run's end", () => {
  const curve = new LossCurve();
  const steps = 100_000;
  for (let step = 0; step < steps; step += 8) {
    const losses = Array.from({ length: 8 }, (_, ix) => step + ix);
    const at = step + 8;
    curve.push(slice(losses, Math.ceil(at / 1000), ((at - 1) % 1000) + 1, 1000, at * 4), 4);
  }
  const { epochs, losses } = curve.points();
  assert.ok(losses.length >= 200 && losses.length < 512, `${losses.length} points`);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const end = epochs.at(-1) * 1000;
  assert.ok(Math.abs(mean - (end - 1) / 2) < 1e-6);
  assert.ok(end <= steps && end > steps * 0.99);
});

test("files are assigned to parts by their names", () => {
  const file = (name) => new File(["x"], name);
  const parts = (...names) => {
    const found = ownSource(names.map(file));
    return "problem" in found
      ? "problem"
      : Object.fromEntries(Object.entries(found.source).map(([part, { name }]) => [part, name]));
  };
  assert.deepEqual(parts("u.data"), { data: "u.data" });
  assert.deepEqual(parts("train.csv"), { data: "train.csv" });
  assert.deepEqual(parts("u.item", "u.data"), { data: "u.data", items: "u.item" });
  assert.deepEqual(parts("ratings.csv", "movies.csv"), { data: "ratings.csv", items: "movies.csv" });
  assert.deepEqual(parts("test.csv.gz", "train.csv.gz", "items.csv"), {
    train: "train.csv.gz",
    test: "test.csv.gz",
    items: "items.csv",
  });
  assert.equal(parts("a.csv", "b.csv"), "problem");
  assert.equal(parts("items.csv"), "problem");
});

test("settings become nested options", () => {
  const values = { dim: 32, "optimizer.learningRate": 0.1, "optimizer.kind": "sgd" };
  assert.deepEqual(nested(values), { dim: 32, optimizer: { learningRate: 0.1, kind: "sgd" } });
  assert.ok(same({ backend: "cpu", values }, { backend: "cpu", values: { ...values } }));
  assert.ok(!same({ backend: "cpu", values }, { backend: "auto", values }));
  assert.ok(!same({ backend: "cpu", values }, { backend: "cpu", values: { ...values, dim: 64 } }));
});

test("measured times have a decimal, and nouns the right article", () => {
  assert.deepEqual([0.72, 59.94, 59.96, 75.2].map(elapsed), ["0.7 s", "59.9 s", "1 min 0 s", "1 min 15 s"]);
  assert.deepEqual(["item", "user", "book"].map(indefinite), ["an item", "a user", "a book"]);
});

test("error messages name fields and columns by the page's labels", () => {
  const unclear = "f.csv: which column holds the user and the item cannot be known. Set `data.columns.user` and `data.columns.item`. The columns are `a`, `b`";
  assert.match(inWords(unclear), /^f\.csv: .*\. Choose “user” and “item” above their columns below\. The columns are `a`, `b`$/);
  const times = "option `split.kind`: `temporal` needs times, and f.csv has none; allowed: random, or a column named by `data.columns.timestamp`";
  assert.equal(inWords(times), "Test part: `temporal` needs times, and f.csv has none; allowed: random, or a column that has “time” above it below");
  assert.equal(inWords("the time has no known format; set `data.timeFormat`"), "the time has no known format; set “Format of times” below");
  assert.equal(inWords("option `dims`: no such option"), "Option `dims`: no such option");
});

test("settings that cannot be combined are disabled, each with its reason", () => {
  const data = { validation: 0, read: [{ part: "all", columns: [{ role: "user" }, { role: "item" }] }] };
  const whole = (values, about = { data }) => Object.keys(barredBy(values, about).whole).toSorted();
  assert.deepEqual(whole({}), ["data.minRating", "towers.item.features"]);
  const timed = { validation: 9, read: [{ part: "all", columns: [{ role: "rating" }, { role: "timestamp" }] }, { part: "items", columns: [] }] };
  assert.deepEqual(whole({}, { data: timed }), ["tune"]);
  assert.deepEqual(barredBy({}, { data: timed }).choices, {});
  assert.deepEqual(Object.keys(barredBy({}, { data }).choices["split.kind"]), ["temporal", "leave-last-out", "temporal-global"]);
  assert.ok("onebp" in barredBy({ "towers.user.history.power": 0.5 }, undefined).whole);
  assert.ok("towers.user.history" in barredBy({ "onebp.beta": 0.9 }, undefined).whole);
  assert.ok("cbns" in barredBy({ "negatives.kind": "uniform" }, undefined).whole);
  assert.ok("uniform" in barredBy({ "cbns.capacity": 64 }, undefined).choices["negatives.kind"]);
  assert.ok("temperature" in barredBy({ "tune.temperature": [0.1] }, undefined).whole);
});

test("a run's estimate is its counted work at the measured speed, once for each temperature and once more", () => {
  const stepWork = { multiplyAdds: 3e6, bytesMoved: 4e6, dispatches: 8 };
  const about = { backend: "cpu", config: { epochs: 10, batchSize: 100, tune: null }, data: { train: 1000 }, stepWork };
  learnSpeed("cpu", { seconds: 2, multiplyAdds: 6e6, bytesMoved: 8e6 });
  assert.deepEqual(estimate(about), { seconds: 100, longStep: undefined });
  const tuned = { ...about, config: { ...about.config, tune: { temperature: [0.1, 0.2] } } };
  assert.equal(estimate(tuned).seconds, 300);
  learnSpeed("cpu", { seconds: 20, multiplyAdds: 6e6, bytesMoved: 8e6 });
  assert.equal(estimate(about).longStep, 10);
});

test("trials are drawn one by one, and the first of equally good epochs is the best", () => {
  const at = (trial, epoch, ndcg) => [
    { losses: [3], epoch, epochs: 2, step: 1, steps: 1, pairs: 0 },
    { trial, trials: 2, temperature: trial / 10, epochReport: { epoch, "ndcg@20": ndcg } },
  ];
  let trials = [];
  for (const [trial, epoch, ndcg] of [[1, 1, 0.1], [1, 2, 0.1], [2, 1, 0.3]]) trials = withSlice(trials, ...at(trial, epoch, ndcg), 8);
  assert.deepEqual(trials.map(({ temperature, epochs, loss }) => [temperature, epochs.length, loss.points().losses.length]), [[0.1, 2, 2], [0.2, 1, 1]]);
  assert.equal(bestOf(trials[0], "ndcg@20").epoch, 1);
});

test("durations are short and readable", () => {
  assert.deepEqual([0.2, 59.5, 75.2, 7325].map(duration), ["1 s", "1 min 0 s", "1 min 16 s", "2 h 2 min"]);
});

test("large numbers have three digits and a prefix", () => {
  assert.deepEqual([0, 999.6, 8.134e9, 2.5e16].map((value) => scaled(value)), ["0", "1 k", "8.13 G", "25 P"]);
  assert.deepEqual([512, 12_345_678].map((value) => scaled(value, "B")), ["512 B", "12.3 MB"]);
});

test("a time has three digits, at most to the microsecond", () => {
  assert.deepEqual([0, 0.00049, 0.0123, 18.3421, 1234.5].map(milliseconds), ["0 ms", "<0.001 ms", "0.012 ms", "18.3 ms", "1,230 ms"]);
});

test("a strategy is the current settings with one technique or none, and keeps the technique's options", () => {
  const starts = { "onebp.beta": { "onebp.beta": 0.9, temperature: 0.1 }, "skip.policy": { "skip.policy": "cap" } };
  const specs = TECHNIQUES.flatMap(({ options }) => options.map(([key]) => ({ key, kinds: [], default: `default ${key}`, doc: "", starts: starts[key] ?? {} })));
  const atHand = { dim: 8, "cbns.capacity": 64 };
  const made = Object.fromEntries(STRATEGIES.map(({ id, values }) => [id, values(atHand, specs)]));
  assert.deepEqual(made["two-bp"], { dim: 8 });
  assert.deepEqual(made["one-bp"], { dim: 8, temperature: 0.1, "onebp.beta": 0.9 });
  assert.deepEqual(made.cbns, atHand);
  assert.deepEqual(made.settings, atHand);
  assert.equal(made.skip["skip.policy"], "cap");
  assert.equal(made.skip["skip.share"], "default skip.share");
  assert.ok(!("cbns.capacity" in made.skip));
});

test("a switch keeps a shared option that was set, and removes only its own values", () => {
  const specs = [{ key: "onebp.beta", kinds: [], default: 0.99, doc: "", starts: { "onebp.beta": 0.9, temperature: 0.1 } }];
  const on = switchedOn(ONE_BP, { dim: 8 }, specs);
  assert.deepEqual(on, { temperature: 0.1, dim: 8, "onebp.beta": 0.9 });
  assert.deepEqual(switchedOff(ONE_BP, on, specs), { dim: 8 });
  const set = switchedOn(ONE_BP, { temperature: 0.3 }, specs);
  assert.deepEqual(set, { temperature: 0.3, "onebp.beta": 0.9 });
  assert.deepEqual(switchedOff(ONE_BP, set, specs), { temperature: 0.3 });
});

test("a verdict ignores differences that may be chance, and states the cost", () => {
  const contender = (id, ndcg, { pairs = 100, multiplyAdds = 100, seconds = 1, users = 10_000 } = {}, values = {}) => ({
    strategy: STRATEGIES.find((strategy) => strategy.id === id),
    values,
    runs: ndcg.map((value) => ({
      about: { data: { users } },
      epochs: [{ pairs, multiplyAdds, seconds }],
      final: { "ndcg@20": value, "recall@20": value },
    })),
  });
  const said = (one, plain = contender("two-bp", one.runs.map(() => 0.2))) => verdict(one, [plain, one], []);
  assert.equal(said(contender("skip", [0.197], { pairs: 80, multiplyAdds: 80 })), "level with the plain run at 20% fewer pairs.");
  assert.equal(
    said(contender("cbns", [0.208], { multiplyAdds: 370, seconds: 2 })),
    "better than the plain run by 4% NDCG@20 at 3.7 times the multiply-adds and twice the time.",
  );
  assert.equal(
    said(contender("one-bp", [0.188], { multiplyAdds: 67 }, { epochs: 12, "negatives.kind": "uniform", normalize: false })),
    "worse than the plain run by 6% NDCG@20 at 33% fewer multiply-adds. It needs about 60 epochs to be ahead of the plain run.",
  );
  assert.equal(said(contender("one-bp", [0.188], {}, { epochs: 60, "negatives.kind": "uniform", normalize: false })), "worse than the plain run by 6% NDCG@20 at the same work.");
  // Three seeds show a difference of 1.5% if they agree, and none if they do not; few users show less.
  assert.match(said(contender("skip", [0.197, 0.197, 0.197])), /^worse than the plain run by 1\.5%/);
  assert.match(said(contender("skip", [0.17, 0.2, 0.21])), /^level/);
  assert.match(said(contender("skip", [0.19], { users: 60 })), /^level/);
  // Only seeds of both strategies count.
  const [plain, one] = [contender("two-bp", [0.2, 0.2]), contender("skip", [0.2, 0.1])];
  delete one.runs[1].final;
  assert.match(said(one, plain), /^level/);
  assert.equal(verdict(plain, [plain, one], []), undefined);
  assert.equal(said(contender("skip", [0.2]), contender("two-bp", [0])), undefined);

  const ahead = (...ndcg) => ndcg.map((value) => contender("skip", [value])).map((one, _, all) => isAhead(one, all, "ndcg@20"));
  assert.deepEqual(ahead(0.2, 0.19, 0.1), [true, false, false]);
  assert.deepEqual(ahead(0.2, 0.199, 0.1), [false, false, false]);
});

test("gzip is recognized by its first bytes, also in small chunks", async () => {
  const text = "user,item\n1,2\n".repeat(1000);
  const read = async (bytes, piece) => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, ix) => bytes.subarray(ix * piece, (ix + 1) * piece));
    const { chunks, packed } = await open(ReadableStream.from(pieces), "all");
    return { text: await new Response(chunks).text(), packed };
  };
  for (const piece of [1, 2, 1000, 1e6]) {
    assert.deepEqual(await read(Buffer.from(text), piece), { text, packed: undefined });
    assert.deepEqual(await read(gzipSync(text), piece), { text, packed: "gzip" });
  }
  assert.deepEqual(await read(Buffer.from("\x1f"), 1), { text: "\x1f", packed: undefined });
  assert.deepEqual(await read(Buffer.from(""), 1), { text: "", packed: undefined });
});

test("the codes of errors are those of the crate, then the package's own, and README lists them all", () => {
  const ofCrate = [...text("../../src/error.rs").matchAll(/Self::\w+(?: \{ \.\. \})? => "([a-z-]+)"/g)].map(([, code]) => code);
  assert.deepEqual(CODES, [...ofCrate, "aborted", "destroyed", "worker"]);
  const rows = [...text("../README.md").matchAll(/^\| (`.*?) \|/gm)].map(([, codes]) => codes);
  const told = rows.flatMap((codes) => [...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code));
  assert.deepEqual(told.toSorted(), CODES.toSorted());
});

test("every thrown value becomes a typed error", () => {
  const typed = (thrown) => {
    const { code, message, data, cause } = TwoTowerError.from(thrown);
    assert.equal(cause, thrown);
    return { code, message, data };
  };
  const own = new TwoTowerError("data", "no rows", { lines: [] });
  assert.equal(TwoTowerError.from(own), own);
  const ofCrate = Object.assign(new Error("no rows"), { code: "data", data: { lines: [] } });
  assert.deepEqual(typed(ofCrate), { code: "data", message: "no rows", data: { lines: [] } });
  const fault = (message) => ({ code: "worker", message, data: {} });
  assert.deepEqual(typed(new DOMException("it cannot be cloned", "DataCloneError")), fault("it cannot be cloned"));
  assert.deepEqual(typed(Object.assign(new Error("gone"), { code: "ENOENT" })), fault("gone"));
  assert.deepEqual(typed("a string"), fault("a string"));
  assert.deepEqual(typed(undefined), fault("undefined"));
});
