/** What headless Chromium is started for. Runs in the page; `tell(event, value)` reaches the command. */

/** Trains through the package, as any page would: `source` maps its tables to their addresses. */
export async function train({ source, options }) {
  const { Trainer } = await import("/package/twotower.js");
  const opened = Object.entries(source).map(async ([table, address]) => [table, await fetched(address)]);
  const trainer = await Trainer.create(Object.fromEntries(await Promise.all(opened)), options);
  await tell("about", trainer.about);
  const epochs = trainer.train({ onProgress: (progress) => tell("progress", progress) });
  while (!(await epochs.next()).done);
  return trainer.report();
}

/** Computes a golden case. */
export async function golden({ name, address, backend }) {
  const { runGolden } = await crate("/verify/");
  return runGolden(name, await (await fetched(address)).text(), backend);
}

/** Times training steps. */
export async function step({ options, users, items, backend, steps }) {
  const { timeSteps } = await crate("/verify/");
  return timeSteps(options, users, items, backend, steps);
}

/**
 * Reads a generated file as a file is read: chunk by chunk, each copied in from the page. The file comes
 * from another module than the loader, whose memory thus has nothing else in it.
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

/** A file of the server; its name may have any character. */
function fetched(address) {
  return fetch(address.split("/").map(encodeURIComponent).join("/"));
}

/** A build of the crate, and its memory, which only ever grows. */
async function crate(folder) {
  const compiled = await import(`${folder}twotower.js`);
  const { memory } = await compiled.default();
  return { ...compiled, memory };
}
