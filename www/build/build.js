/** Builds `dist`: the package's files, the demo page and the page for frames, in one run, so that all share their code. */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";

import { bundle } from "./bundle.js";
import { manifest } from "./manifest.js";
import { offline } from "./offline.js";

const www = new URL("../", import.meta.url);
const dist = new URL("dist/", www);

rmSync(dist, { recursive: true, force: true });
await bundle(dist);
copy("src/wasm/twotower_bg.wasm", "twotower.wasm");
copy("data/", "data/");
copy("src/page/mark.svg", "mark.svg");
writeFileSync(new URL("style.css", dist), read("src/panels/palette.css") + read("src/page/style.css"));
copy("src/embed/embed.css", "embed.css");
copy("index.html", "index.html");
copy("embed/", "embed/");
types();
manifest();
await offline(dist);

function copy(from, to) {
  cpSync(new URL(from, www), new URL(to, dist), { recursive: true });
}

function read(path) {
  return readFileSync(new URL(path, www), "utf8");
}

/** Writes the declarations of the package's entries. */
function types() {
  const { status } = spawnSync("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], { cwd: www, stdio: "inherit" });
  if (status !== 0) process.exit(1);
  // Declarations that are written by hand are not copied by the compiler.
  copy("src/element/jsx.d.ts", "types/element/jsx.d.ts");
}
