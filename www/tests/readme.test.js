/** Tests README's three ways into a page, word for word, on the built package. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import ts from "typescript";

import { blank, open, start } from "./browser.js";
import { ratings } from "./ratings.js";
import { complaints } from "./types.js";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const [, SECTION] = README.split("## Put it in your page");
const snippet = (language, nth = 0) => [...SECTION.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, "g"))][nth]?.[1] ?? assert.fail(`no ${language}`);
const [ELEMENT, FRAME, API] = [snippet("html"), snippet("html", 1), snippet("ts")];

let session;
before(async () => (session = await start()));
after(() => session?.stop());

/** Opens a page with this HTML, at the root of the built files. */
async function page(html) {
  const opened = await open(session, {
    path: "try.html",
    prepare: (page) => page.route("**/try.html", (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><title>A page</title>${html}` })),
  });
  return opened;
}

/** Presses the button and waits for an epoch. The pages train for all twelve. */
async function trains(frame) {
  await frame.locator("tt-run-controls .primary:enabled").click();
  await frame.getByRole("img", { name: /recall@20 0\.\d{3}/ }).waitFor({ timeout: 60_000 });
}

test("the element trains", async () => {
  const local = ELEMENT.replace(/https:\/\/cdn\.jsdelivr\.net\/npm\/twotower@[\d.]+\/dist/, ".");
  assert.notEqual(local, ELEMENT);
  const { page: tab, faults, close } = await page(local);
  await trains(tab);
  assert.ok(await tab.getByLabel("Width D").isDisabled(), "its controls are shown, and are disabled while it trains");
  assert.deepEqual(faults, []);
  await close();
});

test("the snippets name the package's version", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  for (const [, named] of README.matchAll(/npm\/twotower@([\d.]+)/g)) assert.equal(named, version);
});

test("the frame trains", async () => {
  const { page: tab, faults, close } = await page(FRAME);
  const frame = tab.frameLocator("iframe");
  await trains(frame);
  await frame.getByLabel("Width D").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("the example compiles with the package's types and runs", async () => {
  const [head, ...body] = API.trim().split("\n");
  const module = `${head}\nexport async function example(): Promise<unknown> {\n${body.join("\n")}\nreturn same.about;\n}`;
  assert.deepEqual(complaints(module), []);
  assert.equal(complaints(module.replace("temperature", "temprature")).length, 1, "the compiler accepts a wrong option");

  const { page: tab, faults, close } = await blank(session);
  // The data contains the ids of the example.
  await tab.route("**/ratings.csv", (route) => route.fulfill({ body: ratings() }));
  await tab.route("**/new.csv", (route) => route.fulfill({ body: "user,item,timestamp\nnewcomer,22423,2000000\n" }));
  const code = ts.transpile(module, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
  await tab.route("**/example.js", (route) => route.fulfill({ contentType: "text/javascript", body: code.replace('"twotower"', '"./twotower.js"') }));
  const about = await tab.evaluate(async () => (await import("./example.js")).example());
  assert.equal(about.config.dim, 64);
  assert.equal(about.data.users, 61, "with the new one");
  assert.deepEqual(faults, []);
  await close();
});
