/**
 * Moves a run from Chromium to JAX and back: 5 epochs in Chromium, 5 in JAX on two processes, 1 in Chromium again.
 * Compares its last two epochs with those of a run that stayed in Chromium. Usage: node exchange.mjs PYTHON
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { blank, start } from "../../www/tests/browser.js";

const [python] = process.argv.slice(2);

/** The crate and JAX round differently, and a metric moves by whole hits. */
const WITHIN = { loss: 1e-4, "recall@20": 2e-3, "ndcg@20": 2e-3 };

/** Trains in Chromium, from a saved run or anew. Returns its epochs and the saved run, as base64. */
async function inChromium(session, epochs, saved) {
  const { page, close } = await blank(session);
  const outcome = await page.evaluate(
    async ([epochs, saved]) => {
      const { Trainer } = await import("./twotower.js");
      const part = (name) => fetch(`data/goodbooks/${name}.csv.gz`);
      const options = { dim: 32, batchSize: 1024, epochs, backend: "cpu", split: { kind: "given" } };
      const trainer = saved
        ? await Trainer.load(Uint8Array.from(atob(saved), (sign) => sign.charCodeAt(0)), { backend: "cpu" })
        : await Trainer.create({ train: await part("train"), test: await part("test") }, options);
      for await (const { epoch } of trainer.train({ epochs })) if (epoch === epochs) break;
      const bytes = new Uint8Array(await trainer.save());
      let text = "";
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return { epochs: (await trainer.report()).epochs, saved: btoa(text) };
    },
    [epochs, saved],
  );
  await close();
  return outcome;
}

/** Resumes a saved run in JAX on two processes. */
async function inJax(saved, epochs) {
  const folder = await mkdtemp(join(tmpdir(), "exchange-"));
  const [before, after] = ["before", "after"].map((name) => join(folder, `${name}.safetensors`));
  await writeFile(before, Buffer.from(saved, "base64"));
  const run = ["-m", "twotower_cluster.cli", "train", `--resume=${before}`, `--epochs=${epochs}`, `--save=${after}`];
  const address = `--coordinator=127.0.0.1:${await freePort()}`;
  const processes = [0, 1].map((n) =>
    spawn(python, [...run, address, "--processes=2", `--process=${n}`], { stdio: "inherit", env: { ...process.env, JAX_PLATFORMS: "cpu" } }),
  );
  for (const [code] of await Promise.all(processes.map((each) => once(each, "exit")))) assert.equal(code, 0);
  const bytes = await readFile(after);
  await rm(folder, { recursive: true });
  return bytes.toString("base64");
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const session = await start();
try {
  const first = await inChromium(session, 5);
  const moved = await inChromium(session, 11, await inJax(first.saved, 10));
  const stayed = await inChromium(session, 11);
  for (const at of [9, 10]) {
    for (const [name, within] of Object.entries(WITHIN)) {
      const [ours, theirs] = [moved.epochs[at][name], stayed.epochs[at][name]];
      console.log(`epoch ${at + 1}  ${name.padEnd(9)}  moved ${ours.toFixed(6)}  stayed ${theirs.toFixed(6)}`);
      assert.ok(Math.abs(ours - theirs) <= within, `${name} differs by more than ${within} after the exchange`);
    }
  }
} finally {
  await session.stop();
}
