/** Builds `dist` in one run: the package's files, the demo page and the page for frames, which share their code. */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { bundle } from "./bundle.js";
import { manifest } from "./manifest.js";
import { notices } from "./notices.js";
import { offline } from "./offline.js";
import { types } from "./types.js";

const www = new URL("../", import.meta.url);
const dist = new URL("dist/", www);

rmSync(dist, { recursive: true, force: true });
const modules = await bundle(dist);
copy("src/wasm/twotower_bg.wasm", "twotower.wasm");
copy("data/", "data/");
copy("src/page/mark.svg", "mark.svg");
writeFileSync(new URL("style.css", dist), read("src/panels/palette.css") + read("src/page/style.css"));
copy("src/embed/embed.css", "embed.css");
copy("index.html", "index.html");
copy("embed/", "embed/");
types();
manifest();
notices(dist, modules);
await offline(dist);

function copy(from, to) {
  cpSync(new URL(from, www), new URL(to, dist), { recursive: true });
}

function read(path) {
  return readFileSync(new URL(path, www), "utf8");
}
