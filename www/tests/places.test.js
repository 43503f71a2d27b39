/** Runs the recipes of docs/guide/cookbook.md for React, Node.js, notebooks, strict policies and pages without a network. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { build } from "esbuild";

import { launch } from "./chromium.js";
import { installed } from "./installed.js";
import { block, PLACES } from "./recipes.js";
import { CORS, serve } from "./serve.js";

const WWW = fileURLToPath(new URL("..", import.meta.url));
const DIST = new URL("../dist/", import.meta.url);
const HEAD = '<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">';
const [REACT, NODE, SITE, NOTEBOOK, STRICT, OFFLINE] = PLACES;

const run = promisify(execFile);

let browser, folder;
before(async () => {
  browser = await launch();
  folder = installed();
});
after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

/** Serves a site with some pages, and the package in its folder `twotower`. */
function host(pages, options) {
  const site = mkdtempSync(join(folder, "site-"));
  symlinkSync(fileURLToPath(DIST), join(site, "twotower"));
  return serve(pathToFileURL(`${site}/`), { pages, ...options });
}

/** Opens a page and records its errors. */
async function open(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => faults.push(message.text()));
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** Trains the element of a page or of a frame to its end. */
async function train(view) {
  await view.locator("tt-run-controls .primary:enabled").click({ timeout: 60_000 });
  await view.locator("tt-run-controls .primary:enabled", { hasText: "Train again" }).waitFor({ timeout: 120_000 });
}

/** Runs a script of Node.js beside the data. Returns the lines that it prints. */
async function script(code) {
  const file = join(folder, "script.mjs");
  writeFileSync(file, code);
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder, timeout: 60_000 });
  assert.equal(stderr, "");
  return stdout.trim().split("\n");
}

test(REACT, async () => {
  const built = await build({
    stdin: { contents: block(REACT, "jsx"), loader: "jsx", resolveDir: WWW },
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    external: ["twotower/element"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const code = built.outputFiles[0].text.replace('"twotower/element"', '"/twotower/element.js"');
  const page = `${HEAD}<div id="app"></div><script type="module" src="app.js"></script>`;
  const server = await host({ "/index.html": page, "/app.js": code });
  const { page: tab, faults, close } = await open(server.url);
  await train(tab);
  await tab.getByText(/^recall@20 is 0\.\d{3} after epoch 2$/).waitFor();
  assert.deepEqual(faults, []);
  await close();
  await server.close();
});

test(NODE, async () => {
  const lines = await script(block(NODE, "js"));
  assert.equal(lines.length, 7);
  assert.equal(lines.at(-1).split(" ").length, 5);
  assert.ok(readFileSync(join(folder, "run.safetensors")).length > 10_000);
});

test(SITE, async () => {
  const lines = await script(block(SITE, "js"));
  assert.equal(lines.at(-1), "40 pages");
  const pages = readdirSync(join(folder, "public"));
  assert.equal(pages.length, 40);
  for (const page of pages) {
    const links = [...readFileSync(join(folder, "public", page), "utf8").matchAll(/<li><a href="(.*?)">Title of/g)];
    assert.equal(links.length, 4);
    for (const [, link] of links) assert.ok(pages.includes(link), link);
  }
});

test(NOTEBOOK, async () => {
  // Stands in for IPython, which the recipe needs only to show the text.
  writeFileSync(join(folder, "notebook.py"), `
import sys, types
display = types.ModuleType("IPython.display")
display.HTML = lambda text: sys.stdout.write(text)
sys.modules["IPython"] = types.ModuleType("IPython")
sys.modules["IPython.display"] = display
${block(NOTEBOOK, "python")}`);
  const { stdout } = await run("python3", ["notebook.py"], { cwd: folder });
  const cdn = await serve(DIST, { headers: CORS });
  const local = stdout.replace(/https:\/\/cdn\.jsdelivr\.net\/npm\/twotower@[\d.]+\/dist\//, cdn.url);
  assert.notEqual(local, stdout);
  const server = await host({ "/index.html": HEAD + local });
  const { page, faults, close } = await open(server.url);
  await train(page.frameLocator("iframe"));
  assert.deepEqual(faults, []);
  await close();
  await Promise.all([server.close(), cdn.close()]);
});

test(STRICT, async () => {
  const [name, policy] = block(STRICT, "text").trim().split(": ");
  const server = await host({ "/index.html": HEAD + block(STRICT, "html") }, { headers: { [name]: policy } });
  const { page, faults, close } = await open(server.url);
  await train(page);
  assert.deepEqual(faults, []);
  await close();
  await server.close();
});

test(OFFLINE, async () => {
  const server = await host({ "/index.html": HEAD + block(OFFLINE, "html"), "/offline.js": block(OFFLINE, "js") });
  const { page, faults, close } = await open(server.url);
  await train(page);
  await server.close();
  await page.reload();
  await train(page);
  assert.deepEqual(faults.filter((fault) => !fault.includes("ERR_CONNECTION_REFUSED")), []);
  await close();
});
