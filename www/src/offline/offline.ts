/** Entry of the offline page: the demo page, with the worker, the compiled crate and a data set inside. */

import { configure } from "../addresses.js";
import { TwoTowerError } from "../error.js";
import { spawnWith } from "../thread.js";
import { inlined } from "./inlined.js";

const script = URL.createObjectURL(new Blob([await inlined("worker.js")], { type: "text/javascript" }));
// Sets the file itself, not a `blob:` address: the worker of a page from disk may not fetch one.
configure({ wasmUrl: await inlined("twotower.wasm") });
spawnWith((failed) => {
  const worker = new Worker(script, { name: "twotower" });
  worker.onerror = ({ message }) => failed(new TwoTowerError("worker", `the trainer's worker failed: ${message}`));
  return { endpoint: worker, terminate: () => worker.terminate() };
});
await import("../page/demo-page.js");
