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
  const { runGolden } = await verify();
  return runGolden(name, await (await fetched(address)).text(), backend);
}

/** Reads generated lines as a file is read: chunk by chunk, each copied in from the page. */
export async function load({ lines }) {
  const { memory, Loader, Synthetic } = await verify();
  const file = new Synthetic(lines);
  const loader = new Loader({});
  let bytes = 0;
  let seconds = 0;
  const timed = (work) => {
    const start = performance.now();
    const result = work();
    seconds += (performance.now() - start) / 1000;
    return result;
  };
  loader.begin("all", "synthetic.csv");
  for (let chunk = file.next(); chunk !== undefined; chunk = file.next()) {
    bytes += chunk.length;
    timed(() => loader.push(chunk));
    await tell("progress", { bytes, seconds });
  }
  const dataset = timed(() => loader.finish());
  return { bytes, seconds, peak: memory.buffer.byteLength, data: dataset.summary() };
}

/** A file of the server; its name may have any character. */
function fetched(address) {
  return fetch(address.split("/").map(encodeURIComponent).join("/"));
}

/** The build of the crate that has the checks, and its memory, which only ever grows. */
async function verify() {
  const compiled = await import("/verify/twotower.js");
  const { memory } = await compiled.default();
  return { ...compiled, memory };
}
