/** Jobs of browsers and Node.js. They run in the page or the thread; `tell(event, value)` sends an event to the command. */

import { addressOf, crate } from "./crate.mjs";

export { probe } from "./probe.mjs";
export { race } from "./race.mjs";

/** Returns the browser, and its WebGPU adapter if there is one. */
export async function surroundings() {
  const { brands } = navigator.userAgentData;
  const { brand, version } = brands.find(({ brand }) => brand === "Chromium") ?? brands[0];
  const info = (await navigator.gpu?.requestAdapter())?.info;
  return { browser: `${brand} ${version}`, adapter: info && `${info.vendor} ${info.architecture} ${info.description}`.trim() };
}

/**
 * Trains with the package, as a page does: `source` maps tables to their addresses, `saved` is the address of a run to
 * resume, which takes the tables as new data. Sends the run with the name `model`, and all `exports`, to the server, if requested.
 */
export async function train({ source, saved, options, backend, epochs, exports, model }) {
  const { Trainer } = await import(addressOf("/package/twotower.js"));
  const trainer = await (saved === undefined
    ? Trainer.create(await tables(source), { ...options, backend })
    : Trainer.load(await (await fetched(saved)).blob(), { backend }));
  if (saved !== undefined && source !== undefined) await tell("extension", await trainer.extend(await tables(source)));
  await tell("about", trainer.about);
  const training = trainer.train({ epochs: epochs ?? undefined, onProgress: (progress) => tell("progress", progress) });
  while (!(await training.next()).done);
  if (exports !== undefined) {
    await send(model, await trainer.save());
    for (const name of exports) await send(name, await trainer.export(name));
  }
  return trainer.report();
}

/** Trains several runs alternately, epoch by epoch, and returns the epochs of each. */
export async function epochs({ source, arms, backend }) {
  const { Trainer } = await import(addressOf("/package/twotower.js"));
  const runs = [];
  for (const options of arms) {
    const trainer = await Trainer.create(await tables(source), { ...options, backend });
    runs.push({ training: trainer.train(), epochs: [] });
  }
  for (let going = true; going; ) {
    going = false;
    for (const { training, epochs } of runs) {
      const { done, value } = await training.next();
      if (done) continue;
      going = true;
      epochs.push(value);
    }
  }
  return runs.map(({ epochs }) => epochs);
}

async function tables(source) {
  const opened = Object.entries(source).map(async ([table, address]) => [table, await fetched(address)]);
  return Object.fromEntries(await Promise.all(opened));
}

/** Computes a golden case. */
export async function golden({ name, address, backend }) {
  const { runGolden } = await crate("/verify/");
  return runGolden(name, await (await fetched(address)).text(), backend);
}

/** Times recommendations, with a list for each user. */
export async function list({ options, users, items, k, backend }) {
  const { Stopwatch } = await crate("/verify/");
  const stopwatch = await Stopwatch.create(options, users, items, backend);
  const milliseconds = [];
  for (let user = 0; user < users; user += 1) milliseconds.push(await stopwatch.list(user, k));
  return { ...stopwatch.about(), milliseconds };
}

/**
 * Reads a generated file in chunks that are copied from the page, as for a real file. Another module than the loader
 * generates it, so the loader's memory contains nothing else.
 */
export async function load({ lines, options }) {
  const { SyntheticFile } = await crate("/verify/");
  const { Loader, memory } = await crate("/crate/");
  const file = new SyntheticFile(lines);
  const loader = new Loader(options);
  let seconds = 0;
  const timed = (work) => {
    const start = performance.now();
    const result = work();
    seconds += (performance.now() - start) / 1000;
    return result;
  };
  loader.begin("all", "synthetic.csv", file.bytes());
  for (let chunk = file.read(); chunk !== undefined; chunk = file.read()) {
    timed(() => {
      loader.push(chunk);
    });
  }
  const dataset = timed(() => loader.finish());
  return { bytes: file.bytes(), seconds, peak: memory.buffer.byteLength, data: dataset.summary() };
}

/** Sends a file to the server. */
async function send(name, bytes) {
  const { ok, status } = await fetch(`/outbox/${name}`, { method: "PUT", body: bytes });
  if (!ok) throw new Error(`${name} could not be written (${status})`);
}

/** Fetches a file from the server; its name may contain any character. */
function fetched(address) {
  return fetch(address.split("/").map(encodeURIComponent).join("/"));
}
