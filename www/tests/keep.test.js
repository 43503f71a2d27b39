/** Tests saved runs and exports: saved runs resume to the same bits, and other tools agree with the exports. */

/* global Trainer, csv, items, options, refusal, all, losses -- names that exist in the page */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import * as ort from "onnxruntime-web";

import { blank, start } from "./browser.js";
import { ratings, titles } from "./ratings.js";

let session, page, faults, close;
before(async () => {
  session = await start();
  ({ page, faults, close } = await blank(session));
  await page.evaluate(
    async ([csv, items]) => {
      const { Trainer, TwoTowerError } = await import("./twotower.js");
      const options = { batchSize: 64, dim: 6, epochs: 10, backend: "cpu" };
      const refusal = async (work) => {
        try {
          await work();
        } catch (error) {
          return { typed: error instanceof TwoTowerError, code: error.code, message: error.message };
        }
        return "accepted";
      };
      const all = async (trainer, how) => {
        const epochs = [];
        for await (const epoch of trainer.train(how)) epochs.push(epoch);
        return epochs;
      };
      const losses = async (trainer, how) => {
        const told = [];
        await all(trainer, { ...how, onProgress: (progress) => void told.push(...progress.losses) });
        return told;
      };
      Object.assign(window, { Trainer, csv, items, options, refusal, all, losses });
    },
    [ratings(), titles()],
  );
});
after(async () => {
  await close?.();
  await session?.stop();
});

const inPage = (work, value) => page.evaluate(work, value);

for (const backend of ["cpu", "webgpu"]) {
  test(`five epochs and five more equal ten, to the bit: ${backend}`, async () => {
    const { whole, parts, reports } = await inPage(async (backend) => {
      const more = { ...options, backend, onebp: {}, cbns: { capacity: 32 }, split: { validation: 0.1 } };
      const one = await Trainer.create({ data: csv, items }, more);
      const whole = await losses(one);
      const first = await Trainer.create({ data: csv, items }, more);
      const parts = [];
      for await (const { epoch } of first.train({ onProgress: (slice) => void parts.push(...slice.losses) })) {
        if (epoch === 5) break;
      }
      const bytes = await first.save();
      first.destroy();
      const second = await Trainer.load(bytes, { backend });
      parts.push(...(await losses(second)));
      const reports = await Promise.all([one, second].map((trainer) => trainer.report()));
      one.destroy();
      second.destroy();
      return { whole, parts, reports };
    }, backend);
    assert.ok(whole.length > 50);
    assert.deepEqual(parts, whole);
    const timeless = (report) => JSON.parse(JSON.stringify(report, (key, value) => (/seconds$/i.test(key) ? 0 : value)));
    assert.deepEqual(timeless(reports[1]), timeless(reports[0]));
  });
}

test("a run is saved in the middle of an epoch, and loads from every kind of bytes", async () => {
  const { whole, parts, epochs, length } = await inPage(async () => {
    const more = { ...options, batchSize: 2, epochs: 3 };
    const one = await Trainer.create(csv, more);
    const whole = await losses(one);
    const first = await Trainer.create(csv, more);
    const control = new AbortController();
    const told = [];
    const stop = await refusal(() =>
      all(first, {
        signal: control.signal,
        onProgress: ({ losses, step, steps }) => {
          told.push(...losses);
          if (step > 0 && step < steps) control.abort();
        },
      }),
    );
    const bytes = await first.save();
    const parts = [];
    const epochs = [];
    for (const file of [bytes, bytes.buffer.slice(0), new Blob([bytes])]) {
      const next = await Trainer.load(file, { backend: "cpu" });
      parts.push([...told, ...(await losses(next))]);
      epochs.push((await next.report()).epochs.length);
      next.destroy();
    }
    first.destroy();
    one.destroy();
    return { whole, parts, epochs, stop, length: bytes.length };
  });
  assert.ok(length > 1000, "the caller keeps the bytes");
  for (const losses of parts) assert.deepEqual(losses, whole);
  assert.deepEqual(epochs, [3, 3, 3]);
});

test("a file that is not a saved run is rejected, and the current run continues", async () => {
  const { refused, epochs } = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const bytes = await trainer.save();
    // One character per byte: "latin1" would decode some bytes to other characters, like Windows.
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const other = (from, to) => Uint8Array.from(text.replace(from, to), (char) => char.charCodeAt(0));
    const load = (bytes, how = { backend: "cpu" }) => refusal(() => Trainer.load(bytes, how));
    const refused = {
      empty: await load(new Uint8Array()),
      cut: await load(bytes.slice(0, -1)),
      halved: await load(bytes.slice(0, bytes.length / 2)),
      version: await load(other('\\"version\\":1', '\\"version\\":2')),
      shape: await load(other(/"shape":\[\d+,6\]/, (shape) => shape.replace(",6]", ",5]"))),
      name: await load(other('"item_table"', '"item_tabls"')),
    };
    const word = await load("model");
    const option = await load(bytes, { backend: "cpu", epochs: 3 });
    const backend = await load(bytes, { backend: "tpu" });
    const kind = await refusal(() => trainer.export("items.pickle"));
    const epochs = (await all(trainer)).length;
    trainer.destroy();
    return { refused: { ...refused, word, option, backend, kind }, epochs };
  });
  const { word, option, backend, kind, ...files } = refused;
  for (const [name, { typed, code, message }] of Object.entries(files)) {
    assert.ok(typed, name);
    assert.equal(code, "checkpoint", `${name}: ${message}`);
    assert.match(message, /cannot resume from this file: ./);
  }
  assert.match(files.version.message, /version 2/);
  assert.deepEqual([word.code, option.code, backend.code, kind.code], ["data", "config", "config", "config"]);
  assert.match(kind.message, /"items\.npy"/);
  assert.equal(epochs, 10);
});

/** Returns a trained run's files and its own recommendations. */
function taken(normalize) {
  return inPage(async (normalize) => {
    const trainer = await Trainer.create({ data: csv, items }, { ...options, normalize });
    await all(trainer);
    const names = [
      "users.npy", "items.npy", "embeddings.safetensors", "vectors.tsv", "metadata.tsv", "items.json", "ids.json",
      "user_tower.onnx", "item_tower.onnx",
    ];
    const files = {};
    for (const name of names) files[name] = [...(await trainer.export(name))];
    const users = await trainer.users("", 5);
    const trained = trainer.about.data.train;
    const answers = {};
    for (const user of users) {
      const history = await trainer.history(user);
      answers[user] = { history: history.map(({ item }) => item), top: await trainer.recommend({ user }, 10) };
    }
    trainer.destroy();
    return { files, answers, trained };
  }, normalize);
}

/** Reads a file like `numpy.load`. */
function npy(bytes) {
  const file = Buffer.from(bytes);
  assert.equal(file.toString("latin1", 0, 8), "\x93NUMPY\x01\x00");
  const start = 10 + file.readUInt16LE(8);
  const [, rows, width] = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(file.toString("latin1", 10, start));
  const values = new Float32Array(Uint8Array.from(file.subarray(start)).buffer);
  assert.equal(values.length, rows * width);
  return Array.from({ length: Number(rows) }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

/** Returns the number of each row, as the towers' inputs. */
const numbered = (rows) => new ort.Tensor("int64", BigInt64Array.from(rows, (_, row) => BigInt(row)), [rows.length]);

/** Fails unless a tower gives the same outputs in another program. */
async function agrees(tower, feeds, expected) {
  const session = await ort.InferenceSession.create(Uint8Array.from(tower));
  const { embedding } = await session.run(feeds);
  const width = expected[0].length;
  assert.deepEqual(embedding.dims, [expected.length, width]);
  const off = expected.flatMap((row, ix) => [...row].map((x, n) => Math.abs(x - embedding.data[ix * width + n])));
  assert.ok(Math.max(...off) <= 1e-5, `the tower is off by ${Math.max(...off)}`);
}

for (const normalize of [true, false]) {
  test(`other tools agree with the exports: ${normalize ? "normalised" : "not normalised"}`, async () => {
    const { files, answers, trained } = await taken(normalize);
    const text = (name) => Buffer.from(files[name]).toString();
    const ids = JSON.parse(text("ids.json"));
    const [users, items] = [npy(files["users.npy"]), npy(files["items.npy"])];
    assert.deepEqual([users.length, items.length], [ids.users.length, ids.items.length]);
    const length = (row) => Math.hypot(...row);
    if (normalize) for (const row of [...users, ...items]) assert.ok(Math.abs(length(row) - 1) < 1e-6);

    // A flat index of inner products over the files returns the page's own lists.
    for (const [user, { history, top }] of Object.entries(answers)) {
      const query = users[ids.users.indexOf(user)];
      const score = (row) => row.reduce((sum, x, n) => sum + x * query[n], 0);
      const ranked = items.map((row, ix) => ({ item: ids.items[ix], score: score(row) }));
      const found = ranked.filter(({ item }) => !history.includes(item)).sort((a, b) => b.score - a.score);
      assert.deepEqual(found.slice(0, 10).map(({ item }) => item), top.map(({ item }) => item));
    }

    await agrees(files["user_tower.onnx"], { id: numbered(users) }, users);
    await agrees(files["item_tower.onnx"], { id: numbered(items) }, items);

    const vectors = text("vectors.tsv").trimEnd().split("\n").map((line) => line.split("\t").map(Number));
    assert.deepEqual(vectors.map((row) => [...Float32Array.from(row)]), items.map((row) => [...row]));
    const [head, ...labels] = text("metadata.tsv").replace(/\n$/, "").split("\n");
    assert.equal(head, "item\ttitle\tpairs\tfeatures");
    const cells = labels.map((label) => label.split("\t"));
    assert.deepEqual(cells.map(([item, title, , features]) => [item, title, features]), ids.items.map((item) => [item, `Title of ${item}`, ""]));
    assert.equal(cells.reduce((sum, [, , pairs]) => sum + Number(pairs), 0), trained, "each training pair is one of an item's");
    const json = JSON.parse(text("items.json"));
    assert.equal(json.normalized, normalize);
    assert.deepEqual(json.items.map(({ item }) => item), ids.items);
    assert.deepEqual([...Float32Array.from(json.items[3].vector)], [...items[3]]);
    assert.match(text("embeddings.safetensors"), /"items":\{[^}]*"dtype":"F32"/);
  });
}

test("towers of features, histories and layers are saved, and other tools agree with them", async () => {
  const cells = new Map(titles().split("\n").slice(1).map((line, n) => [line.split(",")[0], [`g${n % 3}/h${n % 5}`, 1990 + n]]));
  const table = ["item,genre,year", ...Array.from(cells, (row) => row.flat().join(","))].join("\n");
  const { files, histories } = await inPage(async (items) => {
    const towers = {
      user: { history: { table: "separate" }, layers: [7], out: 5 },
      item: { id: false, features: ["genre:list/", "year:number"], out: 5 },
    };
    const first = await Trainer.create({ data: csv, items }, { ...options, epochs: 2, towers });
    await all(first);
    const trainer = await Trainer.load(await first.save(), { backend: "cpu" });
    first.destroy();
    const files = {};
    for (const name of ["users.npy", "items.npy", "ids.json", "user_tower.onnx", "item_tower.onnx"]) {
      files[name] = [...(await trainer.export(name))];
    }
    const histories = {};
    for (const user of await trainer.users("", 1000)) histories[user] = await trainer.history(user);
    trainer.destroy();
    return { files, histories };
  }, table);
  const ids = JSON.parse(Buffer.from(files["ids.json"]).toString());
  const padded = (lists) => {
    const most = Math.max(...lists.map((list) => list.length));
    const rows = lists.flatMap((list) => Array.from({ length: most }, (_, n) => BigInt(list[n] ?? -1)));
    return new ort.Tensor("int64", BigInt64Array.from(rows), [lists.length, most]);
  };
  const has = ([genre, year], word) => {
    const [column, value] = word.split("=");
    if (column === "genre") return genre.split("/").includes(value);
    const [from, to] = value.split("..");
    return (from === "" || from <= year) && (to === "" || year < to);
  };
  const features = ids.items.map((item) => ids.itemFeatures.flatMap((word, n) => (has(cells.get(item), word) ? [n] : [])));
  for (const list of features) assert.equal(list.length, 3);
  await agrees(files["item_tower.onnx"], { features: padded(features) }, npy(files["items.npy"]));
  const history = padded(ids.users.map((user) => histories[user].map(({ item }) => ids.items.indexOf(item))));
  await agrees(files["user_tower.onnx"], { id: numbered(ids.users), history }, npy(files["users.npy"]));
});

test("a run starts from the item embeddings of another run, by their ids", async () => {
  const { found, similar, started, late, width, none } = await inPage(async () => {
    const first = await Trainer.create({ data: csv, items }, options);
    await all(first);
    const similar = await first.similar("22423", 3);
    const file = await first.export("items.json");
    first.destroy();
    const next = await Trainer.create({ data: csv, items }, { ...options, seed: 7 });
    const found = await next.startItems(file);
    const started = await next.similar("22423", 3);
    const none = await refusal(() => next.startItems(new TextEncoder().encode('{"items":[]}')));
    await all(next, { epochs: 1 });
    const late = await refusal(() => next.startItems(file));
    await next.reset({ ...options, dim: 8 });
    const width = await refusal(() => next.startItems(new Blob([file])));
    next.destroy();
    return { found, similar, started, late, width, none };
  });
  assert.ok(found > 10);
  assert.deepEqual(started.map(({ item }) => item), similar.map(({ item }) => item));
  assert.deepEqual([late.code, width.code, none.code], ["config", "data", "data"]);
  assert.match(width.message, /`dim` is 8/);
});

test("no page had an unexpected error", () => {
  assert.deepEqual(faults, []);
});
