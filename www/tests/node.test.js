/** Tests the package in Node.js: training, errors, and the end of scripts. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { blank, start } from "./browser.js";
import { installed } from "./installed.js";
import { ratings } from "./ratings.js";

/** The Vulkan driver of Debian's Chromium, which computes on the CPU. Dawn rejects Mesa's lavapipe. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const DRIVER = process.env.VK_DRIVER_FILES ?? SWIFTSHADER;
if (!existsSync(DRIVER)) throw new Error(`no Vulkan driver for Dawn: ${DRIVER} is not there; name one in VK_DRIVER_FILES`);

const www = fileURLToPath(new URL("..", import.meta.url));

/** Folders of programs that have the package installed: one with the npm package `webgpu`, and one without. */
let withDawn, withoutDawn;

before(() => {
  [withDawn, withoutDawn] = [installed(), installed()];
  symlinkSync(join(www, "node_modules/webgpu"), join(withDawn, "node_modules/webgpu"));
});
after(() => [withDawn, withoutDawn].forEach((folder) => folder && rmSync(folder, { recursive: true })));

/** First lines of most scripts. */
const PREAMBLE = `
  import { createReadStream, openAsBlob, readFileSync, writeFileSync } from "node:fs";
  import { Readable } from "node:stream";
  import { Trainer, TwoTowerError } from "twotower";
  const say = (value) => console.log(JSON.stringify(value));
  const options = { batchSize: 64, dim: 8, epochs: 3, seed: 1 };
  const all = async (trainer, how) => {
    const epochs = [];
    for await (const epoch of trainer.train(how)) epochs.push(epoch);
    return epochs;
  };
  const refusal = async (work) => {
    try {
      await work();
      return "accepted";
    } catch (error) {
      return { typed: error instanceof TwoTowerError, code: error.code, message: error.message };
    }
  };
`;

/** Runs a script from a file until the process ends by itself. Returns its output, parsed if it is JSON. */
async function run(folder, script) {
  const file = join(folder, "script.mjs");
  writeFileSync(file, script);
  const env = { ...process.env, NODE_OPTIONS: "", VK_DRIVER_FILES: DRIVER, XDG_RUNTIME_DIR: tmpdir() };
  const child = spawn(process.execPath, [file], { cwd: folder, env, timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] });
  const streams = [child.stdout, child.stderr].map((stream) => stream.setEncoding("utf8").toArray());
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  const [out, err] = (await Promise.all(streams)).map((pieces) => pieces.join(""));
  assert.deepEqual({ ended: await ended, err }, { ended: 0, err: "" }, out);
  return out.trim().split("\n");
}

const parsed = async (folder, script) => (await run(folder, PREAMBLE + script)).map((line) => JSON.parse(line));

test("README's example runs from a file on disk and ends", async () => {
  const text = readFileSync(join(www, "README.md"), "utf8");
  const example = /## In Node\.js[^]*?```js\n([^]*?)```/.exec(text)?.[1] ?? assert.fail("README has no example");
  const [about, ...epochs] = await run(withDawn, example);
  assert.match(about, /^cpu the only WebGPU adapter is software|^webgpu a GPU is available/);
  const numbers = epochs.map((line) => line.split(" ").map(Number));
  assert.deepEqual(numbers.map(([epoch]) => epoch), Array.from({ length: 12 }, (_, ix) => ix + 1));
  assert.ok(numbers.at(-1)[1] < numbers[0][1], "the loss falls");
  assert.ok(numbers.every(([, , ndcg]) => ndcg > 0 && ndcg <= 1), "NDCG is a share");
  const { items } = JSON.parse(readFileSync(join(withDawn, "items.json"), "utf8"));
  assert.equal(items.length, 40);
});

test("the import starts nothing and leaves no names", async () => {
  const [thread, names] = await run(
    withDawn,
    `import { Worker } from "node:worker_threads";
    const before = Object.getOwnPropertyNames(globalThis);
    await import("twotower");
    console.log(new Worker("", { eval: true }).threadId);
    console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name))));`,
  );
  assert.equal(thread, "1", "the package started a worker");
  assert.equal(names, "[]");
});

test("browser entries import no module of Node.js", () => {
  const files = readdirSync(join(www, "dist")).filter((name) => name.endsWith(".js") && !name.startsWith("node"));
  assert.ok(files.includes("twotower.js") && files.includes("worker.js"));
  for (const name of files) assert.doesNotMatch(readFileSync(join(www, "dist", name), "utf8"), /["'`]node:/, name);
});

test("every kind of file gives the same data, and errors name it", async () => {
  const [data, streamed, named, ...refusals] = await parsed(
    withDawn,
    `writeFileSync("bad.txt", "nonsense");
    const cpu = { ...options, backend: "cpu" };
    const sources = [
      readFileSync("ratings.csv", "utf8"),
      { data: Readable.toWeb(createReadStream("ratings.csv")), items: await openAsBlob("items.csv") },
      new File([await openAsBlob("ratings.csv")], "mine.csv"),
    ];
    for (const source of sources) {
      const { users, items, train, test } = (await Trainer.create(source, cpu)).about.data;
      say({ users, items, train, test });
    }
    for (const source of [
      await openAsBlob("bad.txt"),
      new File([await openAsBlob("bad.txt")], "bad.txt"),
      Readable.toWeb(createReadStream("absent.csv")),
    ]) say(await refusal(() => Trainer.create(source, cpu)));
    say(await refusal(() => Trainer.create("user,item", { dim: 0 })));
    say(await refusal(() => Trainer.load(new Uint8Array(9))));`,
  );
  assert.ok(data.train > data.test && data.test > 0);
  assert.deepEqual([streamed, named], [data, data]);
  assert.ok(refusals.every(({ typed }) => typed));
  assert.deepEqual(refusals.map(({ code }) => code), ["data", "data", "data", "config", "checkpoint"]);
  const messages = refusals.map(({ message }) => message);
  assert.match(messages[0], /^data: it has no columns/);
  assert.match(messages[1], /^bad\.txt: it has no columns/);
  assert.match(messages[2], /^data: it could not be read completely .*absent\.csv/);
});

test("WebGPU and the CPU train to the same metrics", async () => {
  const [cpu, webgpu] = await parsed(
    withDawn,
    `for (const backend of ["cpu", "webgpu"]) {
      const trainer = await Trainer.create(await openAsBlob("ratings.csv"), { ...options, backend });
      const epochs = await all(trainer);
      const lists = await trainer.recommend({ user: "17850" }, 3);
      say({ about: trainer.about, epochs, lists });
    }`,
  );
  assert.deepEqual([cpu.about.backend, webgpu.about.backend], ["cpu", "webgpu"]);
  assert.notEqual(webgpu.about.adapter, "");
  for (const [ix, epoch] of cpu.epochs.entries()) {
    for (const key of ["loss", "ndcg@20", "recall@20"]) {
      const gap = Math.abs(epoch[key] - webgpu.epochs[ix][key]);
      assert.ok(gap < 1e-3, `${key} of epoch ${epoch.epoch} is off by ${gap}`);
    }
  }
  assert.equal(webgpu.lists.length, 3);
});

test("trainers on a GPU can be destroyed at any time, and the process ends without an error", async () => {
  const codes = await parsed(
    withDawn,
    `const make = async (more) => Trainer.create(await openAsBlob("ratings.csv"), { ...options, backend: "webgpu", ...more });
    // Before there is a device, and while kernels are measured on it.
    for (const delay of [250, 350, 450]) say((await refusal(() => make({ signal: AbortSignal.timeout(delay) }))).code ?? "aborted");
    const trainer = await make({ epochs: 100_000 });
    void all(trainer, { onProgress: () => process.exit() });`,
  );
  assert.deepEqual(codes, ["aborted", "aborted", "aborted"]);
});

test("without the package `webgpu` the CPU trains, and the reason names the package to install", async () => {
  const [auto, cpu, byName] = await parsed(
    withoutDawn,
    `for (const backend of ["auto", "cpu"]) say((await Trainer.create(await openAsBlob("ratings.csv"), { ...options, backend })).about);
    say(await refusal(async () => Trainer.create(await openAsBlob("ratings.csv"), { ...options, backend: "webgpu" })));`,
  );
  const advice = "Node.js has no WebGPU of its own: install the npm package `webgpu`";
  assert.deepEqual([auto.backend, auto.reason], ["cpu", advice]);
  assert.deepEqual([cpu.backend, cpu.reason], ["cpu", "it was requested"]);
  assert.deepEqual(byName, { typed: true, code: "no-webgpu", message: advice });
});

test("a pending call keeps the process alive, a paused one does not", async () => {
  const [first, last] = await parsed(
    withoutDawn,
    `const trainer = await Trainer.create(await openAsBlob("ratings.csv"), { ...options, epochs: 30 });
    const training = trainer.train();
    await training.next();
    say("paused");
    // Only the calls themselves are pending.
    Trainer.create(await openAsBlob("ratings.csv"), options).then((other) => all(other).then(({ length }) => say(length)));`,
  );
  assert.deepEqual([first, last], ["paused", 3]);
});

test("`destroy` ends running calls, and the process", async () => {
  const [destroyed, later] = await parsed(
    withoutDawn,
    `const trainer = await Trainer.create(await openAsBlob("ratings.csv"), { ...options, epochs: 100_000 });
    say(await refusal(() => all(trainer, { onProgress: () => trainer.destroy() })));
    say(await refusal(() => trainer.report()));`,
  );
  assert.deepEqual([destroyed.code, later.code], ["destroyed", "destroyed"]);
});

test("errors for missing files name the option that sets their address", async () => {
  const [wasm, worker, relative, options] = await parsed(
    withoutDawn,
    `import { configure } from "twotower";
    const at = (name) => new URL(name, import.meta.url).href;
    for (const addresses of [
      { wasmUrl: at("absent.wasm") },
      { wasmUrl: undefined, workerUrl: at("absent.js") },
      { workerUrl: "./absent.js" },
    ]) {
      configure(addresses);
      say(await refusal(() => Trainer.options()));
    }
    const dist = "node_modules/twotower/dist/";
    configure({ workerUrl: at(dist + "node-worker.js"), wasmUrl: at(dist + "twotower.wasm") });
    say((await Trainer.options()).length);`,
  );
  assert.deepEqual([wasm.code, worker.code, relative.code], ["worker", "worker", "worker"]);
  assert.match(wasm.message, /absent\.wasm.*wasmUrl/);
  assert.match(worker.message, /absent\.js.*workerUrl/);
  assert.match(relative.message, /Invalid URL.*workerUrl/);
  assert.ok(options > 10);
});

test("a run saved in a page resumes in Node.js to the same bits, and back", async () => {
  const session = await start();
  try {
    const { page, faults } = await blank(session);
    const begun = await page.evaluate(
      async (csv) => {
        const { Trainer } = await import("./twotower.js");
        const trainer = await Trainer.create(csv, { batchSize: 64, dim: 8, epochs: 4, backend: "cpu" });
        for await (const { epoch } of trainer.train()) if (epoch === 1) break;
        const saved = Array.from(await trainer.save());
        const losses = [];
        for await (const { loss } of trainer.train()) losses.push(loss);
        return { saved, losses };
      },
      ratings(),
    );
    writeFileSync(join(withoutDawn, "saved"), Uint8Array.from(begun.saved));
    const [losses] = await parsed(
      withoutDawn,
      `const trainer = await Trainer.load(await openAsBlob("saved"), { backend: "cpu" });
      const training = trainer.train();
      const losses = [(await training.next()).value.loss];
      writeFileSync("saved", await trainer.save());
      for await (const { loss } of training) losses.push(loss);
      say(losses);`,
    );
    assert.equal(losses.length, 3);
    assert.deepEqual(losses, begun.losses);
    const back = await page.evaluate(async (saved) => {
      const { Trainer } = await import("./twotower.js");
      const trainer = await Trainer.load(Uint8Array.from(saved), { backend: "cpu" });
      const losses = [];
      for await (const { loss } of trainer.train()) losses.push(loss);
      return losses;
    }, Array.from(readFileSync(join(withoutDawn, "saved"))));
    assert.deepEqual(back, losses.slice(1));
    assert.deepEqual(faults, []);
  } finally {
    await session.stop();
  }
});
