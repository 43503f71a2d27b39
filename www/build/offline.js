/** Writes the offline page: one HTML file that contains everything and opens from disk without a server. */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

import { build } from "rolldown";

import { OPTIONS, unindented } from "./bundle.js";
import { shaders } from "./shaders.js";

const www = new URL("../", import.meta.url);
const path = (name) => fileURLToPath(new URL(name, www));

/** Files that the page contains in addition to its scripts: paths by the names that `src/offline` uses. */
const CARRIED = {
  "twotower.wasm": "dist/twotower.wasm",
  "train.csv": "data/online-retail/train.csv.gz",
  "test.csv": "data/online-retail/test.csv.gz",
  "items.csv": "data/online-retail/items.csv",
  "THIRD-PARTY.txt": "dist/THIRD-PARTY.txt",
};

/** Replaces the modules that load files by modules of the same name that use the contained files. */
const carriedFiles = {
  name: "carried-files",
  resolveId: {
    filter: { id: /\/(shipped-files|notices)\.js$/ },
    handler: (id) => path(`src/offline/${/([\w-]+)\.js$/.exec(id)[1]}.ts`),
  },
};

/** Returns a bundled script as text. */
async function script(input, format) {
  const { output } = await build({
    ...OPTIONS,
    input: path(input),
    plugins: [carriedFiles, shaders, unindented],
    write: false,
    output: { format, minify: true, codeSplitting: false },
  });
  if (output.length !== 1) throw new Error(`${input} has ${output.length} parts`);
  return output[0].code;
}

/** Writes the page to `dist`, from the demo page and the built files. */
export async function offline(dist) {
  const html = readFileSync(path("index.html"), "utf8");
  const icon = `data:image/svg+xml;base64,${base64(readFileSync(new URL("mark.svg", dist)))}`;
  const files = Object.entries(CARRIED).map(([name, from]) => [name, readFileSync(path(from))]);
  files.push(["worker.js", Buffer.from(await script("src/offline/worker.ts", "iife"))]);
  files.push(["page.js", Buffer.from(await script("src/offline/offline.ts", "esm"))]);
  const carried = files.map(([name, bytes]) => {
    return `<script type="application/gzip" data-file="${name}">${digits(packed(bytes))}</script>`;
  });
  // Functions, because `$` has a special meaning in replacement texts.
  const page = html
    .replace(/ *<script type="module".*\n/, "")
    .replace("./mark.svg", () => icon)
    .replace(/<link rel="stylesheet".*>/, () => `<style>${readFileSync(new URL("style.css", dist), "utf8")}</style>`);
  const scripts = `${carried.join("\n")}\n<script type="module">${harmless(await script("src/offline/start.ts", "esm"))}</script>\n`;
  writeFileSync(new URL("twotower-demo.html", dist), page.replace("  </body>", () => `${scripts}  </body>`));
}

/** Escapes a script's text, so that it cannot end its element early. */
function harmless(code) {
  return code.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
}

function packed(bytes) {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return gzipSync(isGzip ? gunzipSync(bytes) : bytes, { level: 9 });
}

/** Encodes bytes as text that is shorter than base64. `src/offline/inlined.ts` describes the format and decodes it. */
function digits(bytes) {
  const words = Buffer.concat([bytes, Buffer.alloc(3)]);
  const text = [];
  for (let at = 0; at < bytes.length; at += 4) {
    let word = words.readUInt32BE(at);
    const codes = [];
    for (let digit = 0; digit < 5; digit++) {
      codes.unshift(40 + (word % 85));
      word = Math.floor(word / 85);
    }
    text.push(String.fromCharCode(...codes.slice(0, Math.min(5, bytes.length - at + 1))));
  }
  return text.join("").replaceAll("<", "~");
}

function base64(bytes) {
  return bytes.toString("base64");
}
