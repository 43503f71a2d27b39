/** Tests the trainer in a page: sources, pauses, ends and errors. */

/* global Trainer, csv, items, packed, options, refusal, all -- names that exist in the page */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { blank, open, sabotage, start } from "./browser.js";
import { ratings, titles } from "./ratings.js";
import { complaints } from "./types.js";
import { until } from "./visit.js";

let session, page, faults, close;
before(async () => {
  session = await start();
  ({ page, faults, close } = await blank(session));
  await page.evaluate(
    async ([csv, items, gzip]) => {
      const { Trainer, TwoTowerError } = await import("./twotower.js");
      const packed = Uint8Array.from(atob(gzip), (char) => char.charCodeAt(0));
      const options = { batchSize: 64, dim: 8, epochs: 3, backend: "cpu" };
      const refusal = async (work) => {
        try {
          await work();
        } catch (error) {
          return { typed: error instanceof TwoTowerError, code: error.code, message: error.message, data: error.data };
        }
        return "accepted";
      };
      const all = async (trainer, how) => {
        const epochs = [];
        for await (const epoch of trainer.train(how)) epochs.push(epoch);
        return epochs;
      };
      Object.assign(window, { Trainer, csv, items, packed, options, refusal, all });
    },
    [ratings(), titles(), gzipSync(ratings()).toString("base64")],
  );
});
after(async () => {
  await close?.();
  await session?.stop();
});

const inPage = (work) => page.evaluate(work);

test("every kind of source gives the same data", async () => {
  const summaries = await inPage(async () => {
    const bytes = new TextEncoder().encode(csv);
    const inPieces = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 1) controller.enqueue(bytes.slice(at, at + 1));
        controller.close();
      },
    });
    const sources = [
      csv,
      new Blob([csv]),
      new File([packed], "ratings.csv.gz"),
      new Response(csv),
      new Response(packed),
      inPieces,
      new Blob([packed]).stream(),
      { data: csv, items: items },
    ];
    const found = [];
    for (const source of sources) {
      const trainer = await Trainer.create(source, options);
      const { titledItems, lines, read, ...data } = trainer.about.data;
      // This file has a name; the items are in another file.
      const [{ file, ...understood }] = read;
      found.push({ titledItems, named: file.length > 0, data: { ...data, understood, lines: lines - titledItems } });
      trainer.destroy();
    }
    return found;
  });
  const [{ data: first }] = summaries;
  assert.ok(first.train > first.test && first.test > 0);
  for (const { data, named } of summaries) {
    assert.deepEqual(data, first);
    assert.ok(named);
  }
  assert.deepEqual(summaries.map(({ titledItems }) => titledItems), [0, 0, 0, 0, 0, 0, 0, 40]);
});

test("parts that are already split stay as they are, and titles are read", async () => {
  const { data, config, found, history } = await inPage(async () => {
    const [head, ...lines] = csv.split("\n");
    const part = (keep) => [head, ...lines.filter((_, ix) => keep(ix % 10))].join("\n");
    const source = { train: part((n) => n > 1), validation: part((n) => n === 1), test: part((n) => n === 0), items };
    const trainer = await Trainer.create(source, { ...options, split: { kind: "given" } });
    const { data, config } = trainer.about;
    const found = await trainer.items("title of 8512", 5);
    const history = await trainer.history("17850");
    trainer.destroy();
    return { data, config, found, history };
  });
  assert.equal(config.split.kind, "given");
  assert.ok(data.train > data.test && data.test > 0 && data.validation > 0);
  assert.deepEqual(found, [{ item: "85123A", title: "Title of 85123A" }]);
  assert.ok(history.every(({ item, title }) => title === `Title of ${item}`));
});

test("options are described with bounds and defaults", async () => {
  const specs = await inPage(() => Trainer.options());
  const batch = specs.find(({ key }) => key === "batchSize");
  assert.deepEqual(batch.kinds, [{ kind: "int", min: 2, max: 16384 }]);
  assert.equal(batch.default, 256);
  const split = specs.find(({ key }) => key === "split.kind");
  assert.deepEqual(split.kinds, [{ kind: "one-of", words: ["given", "random", "temporal", "temporal-global", "leave-last-out"] }]);
  assert.equal(split.default, "random");
});

test("results of the worker have exactly the types that the package declares", async () => {
  const given = await inPage(async () => {
    const everything = { onebp: {}, cbns: { capacity: 128 }, split: { validation: 0.1 }, patience: 3 };
    const runs = [];
    for (const more of [{}, everything]) {
      const trainer = await Trainer.create({ data: `${csv}\nbroken`, items }, { ...options, ...more });
      const progress = [];
      const profile = await trainer.profile();
      const epochs = await all(trainer, { onProgress: (slice) => void progress.push(slice) });
      runs.push({
        profile,
        about: trainer.about,
        progress,
        epochs,
        report: await trainer.report(),
        recommended: [
          ...(await trainer.recommend({ user: "17850" }, 5)),
          ...(await trainer.recommend({ items: ["22423", "i4"] }, 5)),
        ],
        history: await trainer.history("17850"),
      });
      trainer.destroy();
    }
    return { options: await Trainer.options(), runs };
  });
  assert.deepEqual(given.runs.map(({ about }) => about.config.cbns?.capacity), [undefined, 128]);
  const module = `
    import type { About, EpochReport, Item, OptionSpec, Profile, Progress, Recommendation, Report } from "twotower";
    interface Run {
      about: About; profile: Profile; progress: Progress[]; epochs: EpochReport[]; report: Report; recommended: Recommendation[]; history: Item[];
    }
    export const given: { options: OptionSpec[]; runs: Run[] } = ${JSON.stringify(given)};`;
  assert.deepEqual(complaints(module), []);
  for (const [told, otherwise] of [['"kind":"int"', '"kind":"whole"'], ['"score":', '"fit":'], ['"share":', '"part":'], ['"item":', '"more":0,"item":']]) {
    assert.notDeepEqual(complaints(module.replace(told, otherwise)), [], `${otherwise} passes`);
  }
});

test("recommendations come from the trained model, without items that the user has already", async () => {
  const { recommended, history, visitor, similar, users, report } = await inPage(async () => {
    const trainer = await Trainer.create({ data: csv, items }, { ...options, epochs: 20 });
    await all(trainer);
    const answers = {
      recommended: await trainer.recommend({ user: "17850" }, 5),
      history: await trainer.history("17850"),
      visitor: await trainer.recommend({ items: ["22423", "i4"] }, 5),
      similar: await trainer.similar("22423", 5),
      users: await trainer.users("178", 5),
      report: await trainer.report(),
    };
    trainer.destroy();
    return answers;
  });
  const had = new Set(history.map(({ item }) => item));
  for (const list of [recommended, visitor, similar]) {
    assert.equal(list.length, 5);
    assert.deepEqual(list.map(({ score }) => score), list.map(({ score }) => score).toSorted((a, b) => b - a));
    assert.ok(list.every(({ item, title }) => title === `Title of ${item}`));
  }
  assert.ok(recommended.every(({ item }) => !had.has(item)));
  assert.ok(visitor.every(({ item }) => item !== "22423" && item !== "i4"));
  assert.ok(similar.every(({ item }) => item !== "22423"));
  assert.deepEqual(users, ["17850"]);
  assert.equal(report.epochs.length, 20);
  assert.equal(report.backend, "cpu");
  assert.ok(report.final["recall@20"] > 0 && report.popularity["recall@20"] > 0);
});

test("recommendations take a choice of items, serve many users at once, and contain reasons", async () => {
  const found = await inPage(async () => {
    const runs = [];
    for (const backend of ["cpu", "webgpu"]) {
      const trainer = await Trainer.create({ data: csv, items }, { ...options, backend });
      await all(trainer);
      const user = { user: "17850" };
      const choice = { among: ["22423", "85123A", "i4", "i5", "i6"], without: ["i5"], seen: true };
      const users = await trainer.users("", 60);
      const picked = ["22423", "i4", "i8"];
      runs.push({
        chosen: await trainer.recommend(user, 10, choice),
        none: await trainer.recommend(user, 10, { among: [] }),
        everything: await trainer.recommend(user, 40, { seen: true }),
        many: await trainer.recommendAll(users, 5),
        single: await Promise.all(users.map((user) => trainer.recommend({ user }, 5))),
        like: await trainer.similar("22423", 10, { among: ["i4", "i5"], without: ["i5"] }),
        picked,
        visitor: await trainer.recommend({ items: picked }, 5),
        unknown: (await trainer.recommend(user, 3, { among: ["i4", "gone"] })).unknown,
        allUnknown: await refusal(() => trainer.recommend(user, 3, { among: ["gone"] })),
        misspelt: await refusal(() => trainer.recommend(user, 3, { amongst: ["i4"] })),
      });
      trainer.destroy();
    }
    return runs;
  });
  for (const { chosen, none, everything, many, single, like, picked, visitor, unknown, allUnknown, misspelt } of found) {
    assert.deepEqual(chosen.map(({ item }) => item).toSorted(), ["22423", "85123A", "i4", "i6"]);
    assert.deepEqual(none, []);
    assert.equal(everything.length, 40);
    assert.deepEqual(many, single);
    assert.deepEqual(like.map(({ item }) => item), ["i4"]);
    assert.ok(many.flat().every(({ because }) => because.length === 0), "a user with a vector has no reasons");
    for (const { because, score } of visitor) {
      assert.ok(because.length > 0 && because.every(({ item, title }) => picked.includes(item) && title === `Title of ${item}`));
      const sum = because.reduce((sum, { share }) => sum + share, 0);
      assert.ok(sum >= score - 1e-5, "the contributions, also negative ones, add up to the score");
    }
    assert.deepEqual(unknown, ["gone"]);
    assert.deepEqual([allUnknown.code, allUnknown.data.id, misspelt.code], ["unknown-id", "gone", "config"]);
  }
});

test("users and items that are not in the training data are served by features, and unknown values are counted", async () => {
  const found = await inPage(async () => {
    const towers = { user: { features: ["town"] }, item: { features: ["title:words"] } };
    const trainer = await Trainer.create({ data: csv, items, users: "user,town\n17850,Ulm\nu1,Ulm\nu2,Bonn" }, { ...options, towers });
    await all(trainer);
    const answers = {
      user: await trainer.recommend({ features: { town: "Ulm", age: 30 } }, 3, { without: ["i4"] }),
      item: await trainer.similar({ features: { title: "Title of something" } }, 3),
      nothing: await refusal(() => trainer.recommend({ features: { town: "Rome" } }, 3)),
      odd: await refusal(() => trainer.recommend({ features: { town: ["Ulm"] } }, 3)),
    };
    trainer.destroy();
    return answers;
  });
  assert.deepEqual([found.user.unknown, found.item.unknown], [1, 1]);
  for (const { items } of [found.user, found.item]) assert.equal(items.length, 3);
  assert.ok(found.user.items.every(({ item }) => item !== "i4"));
  assert.deepEqual([found.nothing.code, found.nothing.data.key, found.odd.code], ["config", "features", "config"]);
});

test("a promise from onProgress pauses within the epoch, and the trainer still answers", async () => {
  const { during, recommended, epochs } = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const gate = Promise.withResolvers();
    const paused = Promise.withResolvers();
    let calls = 0;
    const training = all(trainer, {
      onProgress: () => {
        calls++;
        paused.resolve();
        return gate.promise;
      },
    });
    await paused.promise;
    const recommended = await trainer.recommend({ user: "17850" }, 3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const during = calls;
    gate.resolve();
    const epochs = await training;
    trainer.destroy();
    return { during, recommended, epochs };
  });
  assert.equal(during, 1, "no slice was trained while paused");
  assert.equal(recommended.length, 3);
  assert.equal(epochs.length, 3);
});

test("a hidden page trains in longer slices", async () => {
  const [seen, hidden] = await inPage(async () => {
    const lines = Array.from({ length: 300_000 }, (_, n) => `u${n % 1000},i${(n * 7919) % 1013}`);
    const trainer = await Trainer.create(["user,item", ...lines].join("\n"), { ...options, dim: 128 });
    const slices = async () => {
      let slices = 0;
      const epochs = trainer.train({ onProgress: () => void slices++ });
      await epochs.next();
      await epochs.return();
      return slices;
    };
    await slices();
    const seen = await slices();
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    const hidden = await slices();
    delete document.hidden;
    trainer.destroy();
    return [seen, hidden];
  });
  assert.ok(hidden < seen / 2, `${hidden} slices unseen, ${seen} seen`);
});

test("training resumes where its loop ended", async () => {
  const { first, rest, more, none } = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    let first;
    for await (const epoch of trainer.train()) {
      first = epoch.epoch;
      break;
    }
    const rest = (await all(trainer)).map(({ epoch }) => epoch);
    const more = (await all(trainer, { epochs: 5 })).map(({ epoch }) => epoch);
    const none = await all(trainer, { epochs: 5 });
    trainer.destroy();
    return { first, rest, more, none };
  });
  assert.equal(first, 1);
  assert.deepEqual(rest, [2, 3]);
  assert.deepEqual(more, [4, 5]);
  assert.deepEqual(none, []);
});

test("a profile contains the time of each operation, and training resumes to the same losses", async () => {
  const runs = await inPage(async () => {
    const runs = [];
    for (const backend of ["cpu", "webgpu"]) {
      const run = async (profiled) => {
        const trainer = await Trainer.create(csv, { ...options, backend });
        const losses = [];
        const profiles = profiled ? [trainer.profile()] : [];
        const onProgress = (progress) => {
          losses.push(...progress.losses);
          if (profiled && profiles.length < 3 && !progress.done) profiles.push(trainer.profile());
        };
        const epochs = await all(trainer, { onProgress });
        const told = await Promise.all(profiles);
        const over = await refusal(() => trainer.profile());
        trainer.destroy();
        return { losses, epochs: epochs.map((epoch) => ({ ...epoch, seconds: 0 })), profiles: told, over };
      };
      runs.push({ backend, plain: await run(false), timed: await run(true) });
    }
    return runs;
  });
  for (const { backend, plain, timed } of runs) {
    assert.deepEqual(timed.losses, plain.losses, backend);
    assert.deepEqual(timed.epochs, plain.epochs, backend);
    assert.equal(timed.over.code, "not-available");
    assert.ok(timed.profiles.length > 1);
    for (const { steps, operations } of timed.profiles) {
      assert.ok(steps > 0);
      const loss = operations.find(({ operation }) => operation.startsWith("softmax_loss"));
      assert.deepEqual([loss.once, loss.multiplyAdds], ["step", 3 * 64 * 64 * 8]);
      assert.equal(loss.kernels.length > 0, backend === "webgpu");
      if (backend === "webgpu") assert.ok(loss.milliseconds > 0, JSON.stringify(operations));
    }
  }
});

test("the same seed gives the same losses, another seed gives others", async () => {
  const [one, same, other] = await inPage(async () => {
    const run = async (seed) => {
      const trainer = await Trainer.create(csv, { ...options, seed });
      const losses = [];
      await all(trainer, { onProgress: (progress) => void losses.push(...progress.losses) });
      trainer.destroy();
      return losses;
    };
    return [await run(1), await run(1), await run(2)];
  });
  assert.ok(one.length > 10 && one.every(Number.isFinite));
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
});

test("reset starts over with other options on the same data, like a fresh trainer", async () => {
  const { before, after, epochs, losses, fresh } = await inPage(async () => {
    const others = { dim: 16, epochs: 1, batchSize: 32, backend: "cpu" };
    const lossesOf = async (trainer) => {
      const losses = [];
      const epochs = await all(trainer, { onProgress: (progress) => void losses.push(...progress.losses) });
      trainer.destroy();
      return { losses, epochs: epochs.map(({ epoch }) => epoch) };
    };
    const trainer = await Trainer.create(csv, options);
    const before = trainer.about;
    await all(trainer);
    await trainer.reset(others);
    const after = trainer.about;
    const { losses, epochs } = await lossesOf(trainer);
    const { losses: fresh } = await lossesOf(await Trainer.create(csv, others));
    return { before, after, epochs, losses, fresh };
  });
  assert.deepEqual([before.config.dim, after.config.dim], [8, 16]);
  assert.deepEqual(before.data, after.data);
  assert.deepEqual(epochs, [1]);
  assert.ok(losses.length > 5);
  assert.deepEqual(losses, fresh);
});

test("abort ends training within a slice and leaves the trainer usable", async () => {
  const { aborted, epochs, already } = await inPage(async () => {
    const trainer = await Trainer.create(csv, { ...options, epochs: 100 });
    const control = new AbortController();
    const aborted = await refusal(() => all(trainer, { signal: control.signal, onProgress: () => control.abort() }));
    const already = await refusal(() => all(trainer, { signal: AbortSignal.abort() }));
    const epochs = [];
    for await (const epoch of trainer.train()) if (epochs.push(epoch.epoch) === 2) break;
    trainer.destroy();
    return { aborted, epochs, already };
  });
  assert.equal(aborted.code, "aborted");
  assert.equal(already.code, "aborted");
  assert.equal(epochs.length, 2);
});

test("an epoch that has ended is reported before an abort is", async () => {
  const { epochs, aborted } = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const control = new AbortController();
    const onProgress = ({ epochReport }) => epochReport && control.abort();
    const epochs = [];
    const aborted = await refusal(async () => {
      for await (const { epoch } of trainer.train({ signal: control.signal, onProgress })) epochs.push(epoch);
    });
    trainer.destroy();
    return { epochs, aborted };
  });
  assert.deepEqual(epochs, [1]);
  assert.equal(aborted.code, "aborted");
});

test("abort ends reading, and later the trainer", async () => {
  const { reading, later, early } = await inPage(async () => {
    const control = new AbortController();
    const endless = new ReadableStream({ pull: () => new Promise(() => undefined) });
    const reading = refusal(() => Trainer.create(endless, { ...options, signal: control.signal }));
    setTimeout(() => control.abort(), 100);
    const second = new AbortController();
    const trainer = await Trainer.create(csv, { ...options, signal: second.signal });
    second.abort();
    return {
      reading: await reading,
      later: await refusal(() => trainer.report()),
      early: await refusal(() => Trainer.create(csv, { signal: AbortSignal.abort() })),
    };
  });
  for (const refused of [reading, later, early]) assert.equal(refused.code, "aborted");
});

test("a trainer that has ended releases its signal", async () => {
  const { most, left } = await inPage(async () => {
    const { signal } = new AbortController();
    const listeners = new Set();
    let most = 0;
    signal.addEventListener = (_, listener) => (most = Math.max(most, listeners.add(listener).size));
    signal.removeEventListener = (_, listener) => listeners.delete(listener);
    const trainer = await Trainer.create(csv, { ...options, signal });
    await all(trainer, { signal });
    trainer.destroy();
    return { most, left: listeners.size };
  });
  assert.equal(most, 2);
  assert.equal(left, 0);
});

test("destroy rejects pending calls at once, and all later calls", async () => {
  const { training, paused, later, wait } = await inPage(async () => {
    const trainer = await Trainer.create(csv, { ...options, epochs: 10_000 });
    const started = Promise.withResolvers();
    const training = refusal(() => all(trainer, { onProgress: () => started.resolve() }));
    await started.promise;
    const at = performance.now();
    trainer.destroy();
    trainer.destroy();
    const ended = await training;
    const wait = performance.now() - at;
    const held = await Trainer.create(csv, options);
    const inside = Promise.withResolvers();
    const pausing = refusal(() => all(held, { onProgress: () => (inside.resolve(), new Promise(() => undefined)) }));
    await inside.promise;
    held.destroy();
    return { training: ended, paused: await pausing, later: await refusal(() => trainer.recommend({ user: "17850" }, 1)), wait };
  });
  for (const refused of [training, paused, later]) {
    assert.ok(refused.typed);
    assert.equal(refused.code, "destroyed");
  }
  assert.ok(wait < 50, `${wait} ms`);
});

test("nothing of a worker is left once its trainer is gone", async () => {
  await inPage(async () => {
    const { Worker } = globalThis;
    const workers = (window.workers = []);
    globalThis.Worker = class extends Worker {
      constructor(...how) {
        super(...how);
        workers.push(new WeakRef(this));
      }
    };
    for (const ends of [(trainer) => all(trainer), (trainer) => trainer.users("", 1), () => undefined]) {
      const trainer = await Trainer.create(csv, options);
      await ends(trainer);
      trainer.destroy();
    }
    globalThis.Worker = Worker;
  });
  const devTools = await page.context().newCDPSession(page);
  await until(async () => {
    await devTools.send("HeapProfiler.collectGarbage");
    return inPage(() => window.workers.length === 3 && window.workers.every((worker) => worker.deref() === undefined));
  });
});

test("a second train and a reset during training are rejected with busy", async () => {
  const { train, reset, epochs } = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const started = Promise.withResolvers();
    const training = all(trainer, { onProgress: () => started.resolve() });
    await started.promise;
    const train = await refusal(() => all(trainer));
    const reset = await refusal(() => trainer.reset());
    const epochs = (await training).length;
    trainer.destroy();
    return { train, reset, epochs };
  });
  assert.deepEqual([train.code, reset.code], ["busy", "busy"]);
  assert.deepEqual(train.data, { call: "train" });
  assert.equal(epochs, 3);
});

test("errors are typed, with a code, a sentence and data", async () => {
  const refused = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const used = new Response(csv);
    await used.text();
    const found = {
      key: await refusal(() => Trainer.create(csv, { dims: 3 })),
      value: await refusal(() => Trainer.create(csv, { temperature: 0 })),
      later: await refusal(() => Trainer.create(csv, { towers: { item: { history: {} } } })),
      callback: await refusal(() => Trainer.create(csv, { onEpoch: () => 1 })),
      nan: await refusal(() => Trainer.create(csv, { patience: NaN })),
      epochs: await refusal(() => all(trainer, { epochs: 0 })),
      user: await refusal(() => trainer.recommend({ user: "nobody" }, 3)),
      item: await refusal(() => trainer.similar("nothing", 3)),
      unsendable: await refusal(() => trainer.recommend({ user: () => "17850" }, 3)),
      nothing: await refusal(() => Trainer.create(undefined)),
      number: await refusal(() => Trainer.create({ train: csv, test: 5 })),
      torn: await refusal(() => Trainer.create(new ReadableStream({ start: (at) => at.error(new Error("torn")) }))),
      again: await refusal(() => Trainer.create(used)),
      empty: await refusal(() => Trainer.create("user,item\n", options)),
      bad: await refusal(() => Trainer.create(new File(["user,item\na,b\nc\n\n,d\n"], "shop.csv"), options)),
      cut: await refusal(() => Trainer.create(new File([packed.slice(0, 200)], "cut.csv.gz"), options)),
      missing: await refusal(async () => Trainer.create(await fetch("no-such.csv"), options)),
      stray: await refusal(async () => Trainer.create(await fetch("no-such%.csv"), options)),
      reset: await refusal(() => trainer.reset({ optimizer: { rate: 1 } })),
    };
    trainer.destroy();
    return found;
  });
  const codes = Object.fromEntries(Object.entries(refused).map(([name, { code }]) => [name, code]));
  assert.deepEqual(codes, {
    key: "config",
    value: "config",
    later: "not-available",
    callback: "config",
    nan: "config",
    epochs: "config",
    user: "unknown-id",
    item: "unknown-id",
    unsendable: "config",
    nothing: "data",
    number: "data",
    torn: "data",
    again: "data",
    empty: "data",
    bad: "data",
    cut: "data",
    missing: "data",
    stray: "data",
    reset: "config",
  });
  for (const [name, { typed, message }] of Object.entries(refused)) {
    assert.ok(typed, `${name} is not a TwoTowerError`);
    assert.ok(message.length > 10, name);
  }
  assert.equal(refused.key.data.key, "dims");
  assert.equal(refused.callback.data.key, "onEpoch");
  assert.equal(refused.nan.data.key, "patience");
  assert.match(refused.number.message, /^test: /);
  assert.equal(refused.reset.data.key, "optimizer.rate");
  assert.deepEqual(refused.user.data, { kind: "user", id: "nobody" });
  assert.equal(refused.bad.data.file, "shop.csv");
  assert.match(refused.bad.data.lines[0], /^line 3: /);
  assert.match(refused.cut.message, /cut\.csv\.gz/);
  assert.match(refused.missing.message, /no-such\.csv.*404/);
  assert.match(refused.stray.message, /^no-such%\.csv/);
});

test("new data joins a run, which trains on, is saved and answers new users", async () => {
  const found = await inPage(async () => {
    const more = "item,user,timestamp\n22423,newcomer,1\n85123A,newcomer,2\nnovelty,newcomer,3\n22423,u4,1000004\nnovelty,u4,1\nnovelty,u8,1\n";
    const trainer = await Trainer.create(csv, { ...options, epochs: 5, split: { test: 0 } });
    const training = trainer.train();
    await training.next();
    const busy = await refusal(() => trainer.extend(more));
    await training.return();
    const before = (await all(trainer)).length;
    const other = await refusal(() => trainer.extend("reader,book\na,b\n"));
    const known = await refusal(() => trainer.extend(csv));
    const none = await refusal(() => trainer.extend(undefined));
    const users = trainer.about.data.users;
    const extension = await trainer.extend({ data: new Blob([more]), items: "item,title\nnovelty,A new thing\n" });
    const added = trainer.about.data.users - users;
    const saved = await Trainer.load(await trainer.save(), { backend: "cpu" });
    const epochs = [];
    for (const run of [trainer, saved]) epochs.push((await all(run)).map(({ epoch, loss }) => [epoch, loss]));
    const { extensions } = await saved.report();
    const [first] = await saved.similar("novelty", 1);
    const answers = await saved.recommend({ user: "newcomer" }, 3);
    const [novelty] = await saved.items("new thing", 1);
    trainer.destroy();
    saved.destroy();
    const tuned = await Trainer.create(csv, { ...options, tune: {} });
    const tune = await refusal(() => tuned.extend(more));
    tuned.destroy();
    return { busy, before, other, known, none, extension, added, epochs, extensions, first, answers, novelty, tune };
  });
  assert.equal(found.busy.code, "busy");
  assert.deepEqual([found.other.code, found.other.data.key], ["config", "data.columns.user"]);
  assert.match(found.known.message, /all of its \d+ pairs are in the run already/);
  assert.deepEqual([found.none.code, found.tune.code, found.tune.data.key], ["data", "config", "tune"]);
  const { epochs, users, items, train, known, titles } = found.extension;
  assert.deepEqual({ epochs, users, items, train, known, titles }, { epochs: 5, users: 1, items: 1, train: 5, known: 1, titles: 0 });
  assert.equal(found.added, 1);
  assert.deepEqual(found.extensions, [found.extension]);
  assert.deepEqual(found.epochs[0].map(([epoch]) => epoch), [6], "a fifth of five epochs");
  assert.deepEqual(found.epochs[1], found.epochs[0], "saved and loaded, to the last bit");
  assert.ok(found.first.item && found.answers.length === 3);
  assert.deepEqual(found.novelty, { item: "novelty", title: "A new thing" });
});

test("arguments of another kind are rejected by name before they reach the worker", async () => {
  const refused = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const bytes = await trainer.save();
    const cyclic = {};
    cyclic.dim = cyclic;
    const user = { user: "17850" };
    const calls = {
      user: () => trainer.history(17850),
      "user, a list": () => trainer.history({ length: 1e9 }),
      search: () => trainer.users(5, 3),
      "search, items": () => trainer.items({}, 3),
      limit: () => trainer.items("", 3n),
      file: () => trainer.export(5),
      "file, unknown": () => trainer.export("all.zip"),
      backend: () => Trainer.create(csv, { backend: {} }),
      "backend, load": () => Trainer.load(bytes, { backend: {} }),
      "backend, reset": () => trainer.reset({ backend: 5 }),
      options: () => Trainer.create(csv, null),
      "options, cyclic": () => Trainer.create(csv, cyclic),
      "options, load": () => Trainer.load(bytes, null),
      "options, reset": () => trainer.reset(null),
      "options, train": () => all(trainer, null),
      onProgress: () => all(trainer, { onProgress: 5 }),
      epochs: () => all(trainer, { epochs: 3n }),
      signal: () => Trainer.create(csv, { signal: 5 }),
      "signal, train": () => all(trainer, { signal: {} }),
      share: () => Trainer.create(csv, { share: "yes" }),
      k: () => trainer.recommend(user, 3n),
      "k, similar": () => trainer.similar("22423", "3"),
      query: () => trainer.recommend(17850, 3),
      "query, function": () => trainer.recommend({ user: () => "17850" }, 3),
      "query, number": () => trainer.recommend({ user: 17850 }, 3),
      users: () => trainer.recommendAll([17850], 3),
      item: () => trainer.similar(22423, 3),
      "item, nothing": () => trainer.similar(null, 3),
      choice: () => trainer.recommend(user, 3, null),
      "choice, list": () => trainer.recommend(user, 3, { among: 3n }),
    };
    const found = {};
    for (const [name, call] of Object.entries(calls)) found[name] = await refusal(call);
    // The trainer is not affected.
    found.after = (await all(trainer)).length;
    trainer.destroy();
    return found;
  });
  const { after, ...others } = refused;
  assert.equal(after, 3);
  const complaints = Object.entries(others).map(([name, { typed, code, data }]) => [name, typed, code, data?.key]);
  const asWished = Object.keys(others).map((name) => [name, true, "config", name.replace(/,.*/, "")]);
  assert.deepEqual(complaints, asWished);
});

test("a rejected promise of onProgress ends training and nothing else", async () => {
  const found = await inPage(async () => {
    const trainer = await Trainer.create(csv, options);
    const found = { unseen: [] };
    addEventListener("unhandledrejection", (event) => found.unseen.push(String(event.reason)));
    const onProgress = async ({ epochReport }) => {
      if (epochReport) throw new TypeError("no room for a drawing");
    };
    found.thrown = await refusal(async () => {
      for await (const epoch of trainer.train({ onProgress })) {
        found.epoch = epoch.epoch;
        // The caller is busy with the epoch while the promise rejects.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    found.rest = (await all(trainer)).length;
    trainer.destroy();
    return found;
  });
  assert.equal(found.thrown.message, "no room for a drawing");
  assert.deepEqual([found.epoch, found.rest, found.unseen], [1, 2, []]);
});

test("a budget that is not a time is rejected", async () => {
  const { page, close } = await blank(session);
  const spoil = (value) => `addEventListener("message", ({ data }) => {
    if (data.argumentList?.[1]?.value === "advance") data.argumentList[2] = { type: "RAW", value: ${value} };
  });`;
  for (const value of ["NaN", "-1"]) {
    await sabotage(page, spoil(value), 1);
    const refused = await page.evaluate(
      async ([csv]) => {
        const { Trainer } = await import("./twotower.js");
        const trainer = await Trainer.create(csv, { backend: "cpu", epochs: 1 });
        const error = await trainer.train().next().catch(({ code, data }) => ({ code, key: data.key }));
        trainer.destroy();
        return error;
      },
      [ratings()],
    );
    assert.deepEqual(refused, { code: "config", key: "milliseconds" });
  }
  await close();
});

test("a loss that is not a number stops the run with its step", async () => {
  const { refused, after } = await inPage(async () => {
    const options = { batchSize: 64, dim: 8, epochs: 50, backend: "cpu", normalize: false, temperature: 1e-4 };
    const trainer = await Trainer.create(csv, { ...options, optimizer: { kind: "sgd", learningRate: 100 } });
    const refused = await refusal(() => all(trainer));
    await trainer.reset({ epochs: 1, batchSize: 64 });
    const after = (await all(trainer)).length;
    trainer.destroy();
    return { refused, after };
  });
  assert.equal(refused.code, "non-finite");
  assert.ok(refused.data.step >= 1 && refused.data.epoch >= 1);
  assert.equal(after, 1, "reset makes the trainer usable again");
});

test("the backend has a reason and can be forced", async () => {
  const found = await inPage(async () => {
    const of = async (backend) => {
      const trainer = await Trainer.create(csv, { ...options, backend });
      const { backend: taken, reason } = trainer.about;
      const epochs = (await all(trainer)).length;
      trainer.destroy();
      return { taken, reason, epochs };
    };
    return { auto: await of("auto"), webgpu: await of("webgpu"), cpu: await of("cpu") };
  });
  // The tests have a software adapter only.
  assert.deepEqual([found.auto.taken, found.webgpu.taken, found.cpu.taken], ["cpu", "webgpu", "cpu"]);
  for (const { reason, epochs } of Object.values(found)) {
    assert.ok(reason.length > 3);
    assert.equal(epochs, 3);
  }
});

/** Returns the results of both backends in another page. */
async function backendsIn(page) {
  return page.evaluate(
    async ([csv]) => {
      const { Trainer } = await import("./twotower.js");
      const trainer = await Trainer.create(csv, { backend: "auto" });
      const auto = trainer.about;
      trainer.destroy();
      const forced = await Trainer.create(csv, { backend: "webgpu" }).catch(({ code, message }) => ({ code, message }));
      return { auto, forced };
    },
    [ratings()],
  );
}

const HARDWARE = 'Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });';
for (const [code, lack] of [
  ["no-webgpu", 'Object.defineProperty(WorkerNavigator.prototype, "gpu", { value: undefined });'],
  ["no-adapter", "GPU.prototype.requestAdapter = () => Promise.resolve(null);"],
  ["device-refused", 'GPUAdapter.prototype.requestDevice = () => Promise.reject(new DOMException("no", "OperationError"));'],
  ["limit", 'Object.defineProperty(GPUSupportedLimits.prototype, "maxBufferSize", { get: () => 1024 });'],
]) {
  test(`without WebGPU, auto trains on the CPU and webgpu is rejected: ${code}`, async () => {
    const { page, close } = await blank(session);
    await sabotage(page, HARDWARE + lack);
    const { auto, forced } = await backendsIn(page);
    await close();
    assert.equal(auto.backend, "cpu");
    assert.equal(forced.code, code);
    assert.equal(auto.reason, forced.message);
    assert.doesNotMatch(forced.message, /JsValue|undefined|compiled in|noop/);
  });
}

test("in an insecure context, auto trains on the CPU and webgpu is rejected with a reason", async () => {
  const { page, close } = await open(session, { path: session.url.replace("127.0.0.1", "insecure.test") + "twotower.js" });
  const { auto, forced } = await backendsIn(page);
  await close();
  assert.equal(auto.backend, "cpu");
  assert.equal(forced.code, "insecure-context");
  assert.match(forced.message, /https/);
  assert.equal(auto.reason, forced.message);
});

test("a worker that cannot start or that breaks is a typed error, and the next trainer gets another worker", async () => {
  const { page, close } = await blank(session);
  const refusal = (how) =>
    page.evaluate(
      async ([csv, how]) => {
        const { Trainer, TwoTowerError } = await import("./twotower.js");
        const create = () => Trainer.create(csv, { backend: "cpu", epochs: 1, batchSize: 64 });
        const train = async (trainer) => {
          for await (const epoch of trainer.train()) epoch.epoch;
        };
        const work = { options: () => Trainer.options(), create, train: async () => train(await create()) };
        const { Worker } = window;
        if (how === "refused") window.Worker = class { constructor() { throw new DOMException("not here", "SecurityError"); } };
        try {
          await (work[how] ?? work.options)();
        } catch (error) {
          return { typed: error instanceof TwoTowerError, code: error.code, message: error.message };
        } finally {
          window.Worker = Worker;
        }
        return "done";
      },
      [ratings(), how],
    );
  const broken = (message) => ({ typed: true, code: "worker", message });
  assert.deepEqual(await refusal("refused"), broken("not here"));

  await page.route("**/*.wasm", (route) => route.fulfill({ status: 404 }), { times: 2 });
  for (const how of ["options", "create"]) {
    const { message, ...rest } = await refusal(how);
    assert.deepEqual(rest, { typed: true, code: "worker" });
    assert.match(message, /twotower.wasm: the server answered 404 for the compiled trainer; set its address with `configure\({ wasmUrl }\)`/);
  }
  assert.equal(await refusal("options"), "done");
  assert.equal(await refusal("train"), "done");

  await sabotage(page, 'addEventListener("message", ({ data }) => { if (data.argumentList?.[1]?.value === "advance") throw new Error("broken"); });', 1);
  const { message, ...rest } = await refusal("train");
  assert.deepEqual(rest, { typed: true, code: "worker" });
  assert.match(message, /broken/);
  assert.equal(await refusal("train"), "done");
  await close();
});

test("no page had an unexpected error", () => {
  const expected = /404/;
  assert.deepEqual(faults.filter((fault) => !expected.test(fault)), []);
});
