/**
 * Tests the documentation site that `cargo xtask docs --build` builds: its links, and each page in Chromium, light, dark
 * and on a phone. `UPDATE=1` draws the still pictures of the elements again.
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { LinkChecker } from "linkinator";

import { launch } from "./chromium.js";
import { serve } from "./serve.js";
import { fits } from "./visit.js";

const ROOT = new URL("../../", import.meta.url);
const SITE = new URL("target/book/", ROOT);
const DOCS = new URL("docs/", ROOT);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Rules of the accessibility guidelines that a page must keep. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

/** Documents of the repository whose links are checked. */
const DOCUMENTS = ["*.md", ".github/*.md", "docs/**/*.md", "www/README.md", "cluster/*.md", "tests/golden/*.md"];

/** Addresses of the repository's files. */
const REPOSITORY = /https:\/\/github\.com\/twotower\/twotower\/(blob|tree)\/main\//;

const DESK = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

/** Pages that explain an idea: an element shows it. */
const CONCEPTS = ["guide/two-towers.html", "guide/negatives.html", "guide/onebp.html", "guide/cbns.html", "skipping.html", "guide/features.html"];

const SUMMARY = new URL("toc.html", SITE);
if (!existsSync(SUMMARY)) throw new Error("the site is not built: run `cargo xtask docs --build`");

/** Pages of the summary, each once. */
const PAGES = [...new Set([...readFileSync(SUMMARY, "utf8").matchAll(/href="([^":#]+\.html)/g)].map(([, path]) => path))];

let browser, server;
before(async () => {
  browser = await launch();
  server = await serve(SITE);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a page and records all that its console says, and each request that fails. */
async function visit(path, options) {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // The software adapter's driver tells when a screen with WebGL is composed.
    if (!message.text().includes("GL Driver Message (OpenGL, Performance")) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    const { errorText } = request.failure();
    // A comparison cancels the loading of data for a single run.
    if (errorText !== "net::ERR_ABORTED") faults.push(`${request.url()}: ${errorText}`);
  });
  page.on("response", (response) => response.ok() || faults.push(`${response.url()}: ${response.status()}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(server.url).origin) faults.push(`a request to ${request.url()}`);
  });
  await page.goto(server.url + path);
  return { page, faults, close: () => context.close() };
}

/** Returns the violations that axe-core finds in the page, each with its first element. */
async function violations(page) {
  return page.evaluate(async (values) => {
    const { violations, passes } = await globalThis.axe.run(document, { resultTypes: ["violations"], runOnly: { type: "tag", values } });
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
    return passes.length > 0 ? found : ["axe looked at nothing"];
  }, RULES);
}

/** Trains an element until it sends an event. */
async function train(element, { to = "twotower-epoch" } = {}) {
  await element.scrollIntoViewIfNeeded();
  await element.evaluate((element, to) => element.addEventListener(to, () => element.setAttribute("data-trained", ""), { once: true }), to);
  await element.getByRole("button", { name: /^(start|compare)/i, disabled: false }).click({ timeout: 30_000 });
  await element.and(element.page().locator("[data-trained]")).waitFor({ timeout: 90_000 });
  await element.evaluate((element) => element.pause());
}

test("each concept has an element with a still picture for print and for readers without JavaScript", async () => {
  for (const path of CONCEPTS) {
    const { page, close } = await visit(path, { javaScriptEnabled: false });
    const elements = await page.locator("two-tower-trainer").all();
    assert.ok(elements.length > 0, `${path} has no element`);
    for (const element of elements) {
      const picture = element.locator("img");
      assert.ok(await picture.isVisible(), `an element of ${path} has no picture`);
      assert.ok((await picture.getAttribute("alt")).length > 20, `a picture of ${path} is not described`);
    }
    await close();
  }
});

/** Returns the links that lead nowhere. */
async function broken(options) {
  const { links } = await new LinkChecker().check({ checkFragments: true, ...options });
  const found = links.filter(({ state }) => state === "BROKEN").map(({ url, parent, status }) => `${url} in ${parent}: ${status}`);
  return { found, reached: links.map(({ url }) => url) };
}

test("every link of the site leads to a page and its heading", async () => {
  const { found, reached } = await broken({ path: server.url, recurse: true, linksToSkip: async (link) => !link.startsWith(server.url) });
  // A script of TypeDoc adds the headings of its hierarchy.
  assert.deepEqual(found.filter((link) => !link.includes("/api/hierarchy.html#")), []);
  for (const path of PAGES) assert.ok(reached.includes(server.url + path), `no link leads to ${path}`);
});

test("every link of a document leads to a file of the repository and its heading", async () => {
  const free = await serve(ROOT);
  const port = Number(new URL(free.url).port);
  await free.close();
  const origin = `http://localhost:${port}/`;
  const { found, reached } = await broken({
    path: DOCUMENTS,
    serverRoot: fileURLToPath(ROOT),
    port,
    markdown: true,
    directoryListing: true,
    urlRewriteExpressions: [{ pattern: REPOSITORY, replacement: origin }],
    // TypeDoc writes this page into the site.
    linksToSkip: async (link) => !link.startsWith(origin) || link.endsWith("/docs/api/index.html"),
  });
  assert.deepEqual(found, []);
  assert.ok(reached.length > 100, `${reached.length} links`);
});

for (const path of PAGES) {
  test(path, async () => {
    const { page, faults, close } = await visit(path);
    for (const element of await page.locator("two-tower-trainer").all()) await train(element);
    await page.evaluate(AXE);
    const found = { light: await violations(page) };
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator("html.navy").waitFor();
    found.dark = await violations(page);
    await page.setViewportSize(PHONE);
    await page.locator("#mdbook-sidebar-toggle").press("Enter");
    await page.locator("#mdbook-sidebar").waitFor({ state: "hidden" });
    found.phone = await violations(page);
    await fits(page, { forcedColors: true });
    assert.equal(await page.locator(".content").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), 0, "the text scrolls sideways");
    assert.deepEqual(found, { light: [], dark: [], phone: [] });
    assert.deepEqual(faults, []);
    await close();
  });
}

if (process.env.UPDATE) {
  test("the still pictures are drawn", async () => {
    for (const path of PAGES) {
      // The whole element fits below the menu.
      const { page, close } = await visit(path, { viewport: { width: 1280, height: 1600 } });
      for (const element of await page.locator("two-tower-trainer:has(> img[src*='images/'])").all()) {
        await train(element, { to: "twotower-done" });
        const name = (await element.locator("> img").getAttribute("src")).split("/").at(-1);
        await element.screenshot({ path: fileURLToPath(new URL(`images/${name}`, DOCS)), animations: "disabled" });
      }
      await close();
    }
  });
}
