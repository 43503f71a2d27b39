/** Tests that the strict content security policies of README suffice for the demo page and for the element. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { html, tag } from "./consumer.js";
import { ratings } from "./ratings.js";
import { CORS, serve } from "./serve.js";
import { file, main, phase, quick, until } from "./visit.js";

const DIST = new URL("../dist/", import.meta.url);
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";

/** README's policies, by how the package is loaded. */
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const POLICIES = [...README.matchAll(/^\| (from .*?) \| `(script-src .*?)` \|$/gm)].map(([, how, policy]) => [how, policy]);

/** Returns a page with the element, whose files may be in another folder. */
function element(script, folder) {
  const addresses = `worker-url="${folder}worker.js" wasm-url="${folder}twotower.wasm" data-url="${folder}data/"`;
  return html(script, { body: tag(folder && addresses) });
}

let browser, cdn, server;
before(async () => {
  browser = await launch();
  cdn = await serve(DIST, { headers: CORS });
  const pages = { "/element.html": element("./element.js", "./") };
  server = await serve(DIST, { pages, headers: { "content-security-policy": POLICY } });
});
after(async () => {
  await browser?.close();
  await server?.close();
  await cdn?.close();
});

/** Opens a page and records violations of its policy and other errors. */
async function open(path) {
  const page = await browser.newPage();
  const faults = [];
  await page.exposeFunction("fault", (what) => void faults.push(what));
  await page.addInitScript(() => {
    const { fault } = globalThis;
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => fault(`${violatedDirective} ${blockedURI}`));
    addEventListener("twotower-error", ({ detail: { error } }) => fault(error.message));
    addEventListener("twotower-done", () => (document.body.dataset.trained = ""));
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
  await page.goto(new URL(path, server.url).href);
  return { page, faults };
}

/** Fails unless the widths of the bars in the lists match their scores. */
async function barsHaveWidths(page) {
  const bars = page.locator("tt-ask-panel tt-item-list .bar rect");
  await bars.nth(3).waitFor({ state: "attached" });
  const widths = await bars.evaluateAll((rects) =>
    rects.map((rect) => [rect.getBoundingClientRect().width / rect.ownerSVGElement.getBoundingClientRect().width, parseFloat(rect.getAttribute("width")) / 100]),
  );
  for (const [drawn, said] of widths) assert.ok(Math.abs(drawn - said) < 0.01, `${drawn} is drawn of ${said}`);
  assert.ok(new Set(widths.map(([drawn]) => drawn.toFixed(2))).size > 1, "the bars have different widths");
}

/** Fails unless the operations of a step are drawn at places of their own. */
async function stepHasPlaces(page) {
  await page.locator("tt-pictures").getByText("Step", { exact: true }).click();
  await page.locator("tt-pictures").scrollIntoViewIfNeeded();
  const operations = page.locator("tt-step-graph li");
  await operations.nth(9).waitFor();
  const places = await operations.evaluateAll((boxes) => boxes.map((box) => box.getBoundingClientRect()).map(({ x, y }) => `${x} ${y}`));
  assert.equal(new Set(places).size, places.length, `${places}`);
}

test("the demo page trains without a violation", async () => {
  const { page, faults } = await open("index.html");
  await page.locator("input[type=file]").setInputFiles([file("mine.csv", ratings())]);
  await page.getByText("mine.csv").first().waitFor();
  await phase(page, "Start training");
  await quick(page, 2);
  await main(page).click();
  await phase(page, "Train again");
  await barsHaveWidths(page);
  await stepHasPlaces(page);
  assert.deepEqual(faults, []);
  await page.close();
});

/** Fails unless the page's element trains without errors. */
async function trains(url, check) {
  const { page, faults } = await open(url);
  await until(async () => faults.length > 0 || (await page.locator("[data-trained]").count()) > 0);
  assert.deepEqual(faults, []);
  await check?.(page);
  assert.deepEqual(faults, []);
  await page.close();
}

test("the element with its addresses trains without a violation", () => trains("element.html", barsHaveWidths));

test("README has a policy for each way to load the package", () => assert.equal(POLICIES.length, 3));

for (const [how, policy] of POLICIES) {
  test(`README's policy suffices for the element ${how}`, async () => {
    const pages = { "/element.html": element(policy.includes("cdn") ? `${cdn.url}element.js` : "./element.js", how.includes("-url") ? "./" : "") };
    const header = `default-src 'none'; img-src data:; ${policy.replaceAll("https://cdn.example", new URL(cdn.url).origin)}`;
    const strict = await serve(DIST, { pages, headers: { "content-security-policy": header } });
    try {
      await trains(`${strict.url}element.html`);
    } finally {
      await strict.close();
    }
  });
}
