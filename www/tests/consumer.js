/** An app that uses the package like other apps: installed from the tarball, without the sources. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { OUT } from "./browser.js";
import { ratings } from "./ratings.js";

const WWW = fileURLToPath(new URL("..", import.meta.url));
const npm = (cwd, ...args) => execFileSync("npm", args, { cwd, encoding: "utf8" }).trim();

/** Trains by the API and writes the results into the page. */
export const API = `import { Trainer } from "twotower";

const tell = (outcome) => Object.assign(document.body.dataset, outcome);
try {
  const trainer = await Trainer.create(${JSON.stringify(ratings())}, { dim: 8, batchSize: 64, epochs: 2, backend: "cpu" });
  const epochs = [];
  for await (const epoch of trainer.train()) epochs.push(epoch);
  const [best] = await trainer.recommend({ user: "17850" }, 1);
  tell({ trained: epochs.at(-1)["ndcg@20"], epochs: epochs.length, best: best.item });
} catch ({ message }) {
  tell({ failed: message });
}
`;

/** Trains by the element and writes the results into the page. */
export const ELEMENT = `const tell = (outcome) => Object.assign(document.body.dataset, outcome);
addEventListener("twotower-done", ({ detail: { report } }) => {
  tell({ trained: report.epochs.at(-1)["ndcg@20"], epochs: report.epochs.length });
});
addEventListener("twotower-error", ({ detail: { error } }) => tell({ failed: error.message }));
await import("twotower/element");
`;

/** An element that starts by itself and trains quickly. */
export function tag(attributes = "") {
  return `<two-tower-trainer dataset="goodbooks" epochs="1" config='{"dim":8,"batchSize":2048}' loading="eager" autostart ${attributes}></two-tower-trainer>`;
}

/** Returns a page with a script. */
export function html(script, { head = "", body = "" } = {}) {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>app</title>
    <link rel="icon" href="data:," />
    ${head}
  </head>
  <body>
    ${body}
    <script type="module" src="${script}"></script>
  </body>
</html>
`;
}

/** Packs the package, and installs the tarball in a fresh folder, without the network. Returns the tarball and the folder. */
export function installed() {
  const folder = new URL("app/", OUT);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const tarball = npm(WWW, "pack", "--ignore-scripts", "--silent", "--pack-destination", fileURLToPath(OUT)).split("\n").at(-1);
  const files = {
    "package.json": JSON.stringify({ name: "app", private: true, type: "module" }),
    "main.js": API,
    "element.js": ELEMENT,
    "index.html": html("./main.js"),
    "element.html": html("./element.js", { body: tag() }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(new URL(name, folder), text);
  npm(fileURLToPath(folder), "install", "--offline", "--no-audit", "--no-fund", fileURLToPath(new URL(tarball, OUT)));
  return { folder, tarball: fileURLToPath(new URL(tarball, OUT)) };
}

/** Returns the results of a page's app, and the browser's errors. */
export async function outcomeOf(browser, url) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  const told = page.locator("body:is([data-trained], [data-failed])");
  await told.waitFor({ state: "attached", timeout: 30_000 }).catch(() => faults.push("the app told nothing"));
  const outcome = await page.evaluate(() => ({ ...document.body.dataset }));
  await page.close();
  return { ...outcome, faults };
}

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** Returns the example of README that contains a text. */
export function snippet(text) {
  const found = [...README.matchAll(/```\w+\n([^]*?)```/g)].map(([, code]) => code).find((code) => code.includes(text));
  if (found === undefined) throw new Error(`README has no example with ${text}`);
  return found;
}
