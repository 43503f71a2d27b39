/**
 * Opens built sites in headless Chromium and tests the element in each: training, printing, the site's dark mode,
 * keyboard shortcuts, navigation, and the width of a phone. Reads `{ sites: [{ name, folder, policy }], package,
 * screenshots }` from stdin, prints each check to stderr and writes `[passed, failed]`.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { preview } from "../../www/node_modules/vite/dist/node/index.js";
import { launch } from "../../www/tests/chromium.js";

/** Address of the package for examples without a server of their own. */
const CDN = "https://cdn.jsdelivr.net/npm/twotower@0.1.0/";

/** Time limit of slow actions, also on a busy machine; nothing is measured. */
const PATIENCE = 60_000;

const DARK_MEDIA = (page) => page.emulateMedia({ colorScheme: "dark" });
const link = (name) => (page) => page.getByRole("link", { name }).last().click();
const button = (name) => (page) => page.getByRole("button", { name }).click();

/** Presses a site's theme switch until the site is dark. */
const press = (selector, isDark) => async (page) => {
  for (let turn = 0; turn < 4; turn += 1) {
    if (await page.evaluate((css) => document.querySelector(css) !== null, isDark)) return;
    await page.locator(selector).locator("visible=true").first().click();
    await page.waitForTimeout(100);
  }
  throw new Error(`pressing ${selector} never led to ${isDark}`);
};

/** Navigation of an app with a button that shows and hides the element. */
const APP = { away: button("Another page"), back: button("Back to the trainer"), dark: DARK_MEDIA };

const PAGES = { away: link("Another page"), back: link("Back to the trainer") };

/** The sites: the page with the element, and how to go to the other page, back, and to dark mode. */
const SITES = {
  plain: {
    away: (page) => page.goto("about:blank"),
    back: (page) => page.goBack(),
    dark: DARK_MEDIA,
  },
  mdbook: {
    ...PAGES,
    path: "train.html",
    async dark(page) {
      await page.locator("#mdbook-theme-toggle").click();
      await page.locator("#mdbook-theme-navy").click();
    },
  },
  vitepress: { ...PAGES, dark: press(".VPSwitchAppearance", "html.dark") },
  docusaurus: { ...PAGES, dark: press("nav [class*=toggle] button", "html[data-theme=dark]") },
  mkdocs: { ...PAGES, dark: press("[data-md-component=palette] label", "body[data-md-color-scheme=slate]") },
  sphinx: { ...PAGES, dark: press("button.theme-toggle", "body[data-theme=dark]") },
  rustdoc: {
    ...PAGES,
    path: "trains/index.html",
    async dark(page) {
      await page.locator(".settings-menu a").locator("visible=true").click();
      await page.locator("#theme-dark").check();
      await page.keyboard.press("Escape");
    },
  },
  jupyter: {
    ...PAGES,
    path: "train.html",
    frame: true,
    // An exported notebook has no switch; JupyterLab's switch sets this attribute.
    dark: (page) => page.evaluate(() => (document.body.dataset.jpThemeLight = "false")),
  },
  react: APP,
  vue: APP,
  svelte: APP,
};

const order = JSON.parse(await text(process.stdin));
const counts = [0, 0];
const browser = await launch();
for (const site of order.sites) await trySite(site);
await browser.close();
console.log(JSON.stringify(counts));

async function check(name, what) {
  try {
    await what();
    counts[0] += 1;
  } catch (error) {
    counts[1] += 1;
    console.error(`FAILED ${name}: ${error.message}`);
  }
}

async function trySite({ name, folder, policy }) {
  const site = SITES[name];
  const server = await preview({
    configFile: false,
    root: folder,
    build: { outDir: "." },
    appType: "mpa",
    logLevel: "error",
    preview: { port: 0, host: "127.0.0.1", headers: { "content-security-policy": policy } },
  });
  const url = new URL(site.path ?? "", `http://127.0.0.1:${server.httpServer.address().port}/`).href;
  for (const [what, screen, visit] of [
    ["desktop", { viewport: { width: 1280, height: 900 } }, visitDesktop],
    ["phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, visitPhone],
  ]) {
    const context = await browser.newContext(screen);
    context.setDefaultTimeout(15_000);
    await check(`${name}, ${what}`, async () => {
      const { page, faults } = await openPage(context, url);
      const step = { at: "opens" };
      try {
        await visit({ page, site, step, picture: (kind) => picture(page, `${name}-${kind}`) });
        assert.deepEqual(faults, []);
      } catch (error) {
        await picture(page, `${name}-failed-${what}`);
        throw new Error(`${step.at}: ${error.message} ${faults.join("; ")}`, { cause: error });
      }
    });
    await context.close();
  }
  console.error(`  ${name}`);
  await server.close();
}

/** Returns a page and the list of its errors. */
async function openPage(context, url) {
  const { origin } = new URL(url);
  await context.route((address) => address.protocol.startsWith("http") && address.origin !== origin, elsewhere);
  await context.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  return { page, faults };
}

/** Answers requests to the package's CDN with files of the package, and other requests (such as fonts) with nothing. */
async function elsewhere(route) {
  const address = route.request().url();
  if (!address.startsWith(CDN)) return route.fulfill({ status: 200, body: "" });
  const path = join(order.package, address.slice(CDN.length));
  const type = { js: "text/javascript", wasm: "application/wasm" }[path.split(".").at(-1)] ?? "text/plain";
  const headers = { "access-control-allow-origin": "*", "content-type": type };
  return route.fulfill({ status: 200, headers, body: await readFile(path) });
}

async function visitDesktop({ page, site, step, picture }) {
  const resting = ownWorkers(page).length;
  step.at = "loads";
  let frame = await loaded(page, site);
  step.at = "prints before training";
  assert.deepEqual(await printed(page, frame), { fallback: true, chart: false });
  step.at = "trains";
  assert.equal(await train(frame), 2);
  await picture("light");
  assert.deepEqual(await frame.evaluate(sticksOut), []);
  step.at = "prints after training";
  assert.deepEqual(await printed(page, frame, () => picture("print")), { fallback: false, chart: true });
  step.at = "keeps its keys";
  await keepsKeys(page, frame);
  step.at = "follows the dark mode";
  const light = await look(frame);
  await site.dark(page);
  const dark = await settled(() => look(frame), (now) => now.ground !== light.ground && now.chart !== light.chart);
  assert.ok(brightness(light.ground) > 128 && brightness(dark.ground) < 128, `${light.ground} became ${dark.ground}`);
  await picture("dark");
  step.at = "leaves";
  await site.away(page);
  await settled(() => ownWorkers(page).length, (workers) => workers === resting);
  step.at = "comes back";
  await site.back(page);
  frame = await loaded(page, site);
  assert.equal(await train(frame), 2);
  assert.ok(ownWorkers(page).length <= resting + 1, `${ownWorkers(page).length} workers`);
}

async function visitPhone({ page, site, step, picture }) {
  step.at = "loads";
  const frame = await loaded(page, site);
  assert.equal(await train(frame), 2);
  step.at = "fits";
  await picture("phone");
  assert.deepEqual([await page.evaluate(sticksOut), await frame.evaluate(sticksOut)], [[], []]);
}

/** Returns the frame with the element, once training can start. */
async function loaded(page, site) {
  let frame = page.mainFrame();
  if (site.frame) frame = await (await page.locator("iframe").elementHandle()).contentFrame();
  await frame.locator("two-tower-trainer").scrollIntoViewIfNeeded();
  await startButton(frame).waitFor({ timeout: PATIENCE });
  return frame;
}

/** Returns the element's button that starts training. */
function startButton(frame) {
  return frame.locator("two-tower-trainer tt-run-controls .primary:enabled", { hasText: /start/i });
}

/** Trains with the element's button. Returns the number of epochs. */
async function train(frame) {
  await frame.evaluate(() => {
    globalThis.ended = undefined;
    addEventListener("twotower-done", ({ detail }) => (globalThis.ended = detail.report.epochs.length), { once: true });
    addEventListener("twotower-error", ({ detail }) => (globalThis.ended = detail.error.message), { once: true });
  });
  await startButton(frame).click();
  const ended = await frame.waitForFunction(() => globalThis.ended, undefined, { timeout: PATIENCE, polling: 100 });
  return ended.jsonValue();
}

/** Returns whether the child content and the chart are visible in print. */
async function printed(page, frame, meanwhile) {
  await page.emulateMedia({ media: "print" });
  const found = {
    fallback: await frame.locator("two-tower-trainer > *").first().isVisible(),
    chart: await frame.locator("two-tower-trainer tt-run-charts canvas").first().isVisible(),
  };
  await meanwhile?.();
  await page.emulateMedia({ media: "screen" });
  return found;
}

/** Types keys with shortcuts of the site into the element's search box. */
async function keepsKeys(page, frame) {
  const box = frame.locator("two-tower-trainer tt-ask-panel tt-search-box input").first();
  const before = page.url();
  await box.click();
  await page.keyboard.type("s/?fnp,.");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  assert.equal(await box.inputValue(), "s/?fnp,.");
  await page.waitForTimeout(100);
  assert.equal(page.url(), before);
  await page.keyboard.press("Escape");
  await box.fill("");
  await box.blur();
}

/** Returns the colour of the element's background, and its chart as a picture. */
function look(frame) {
  return frame.evaluate(() => {
    const element = document.querySelector("two-tower-trainer");
    const find = (root) => {
      for (const at of root.querySelectorAll("*")) {
        if (at.localName === "canvas" && at.clientWidth > 0) return at;
        const found = at.shadowRoot && find(at.shadowRoot);
        if (found) return found;
      }
      return null;
    };
    return { ground: getComputedStyle(element).backgroundColor, chart: find(element.shadowRoot).toDataURL() };
  });
}

function brightness(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return 0.3 * red + 0.6 * green + 0.1 * blue;
}

/** Waits until a value is as expected. */
async function settled(get, wanted) {
  for (const end = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const value = await get();
    if (wanted(value)) return value;
    if (Date.now() > end) throw new Error(`never: ${wanted}, but ${JSON.stringify(value).slice(0, 200)}`);
  }
}

/** Returns the element's workers; sites have others for their search. */
function ownWorkers(page) {
  return page.workers().filter((worker) => !worker.url().includes("search"));
}

/** Returns elements that overflow the screen or their panel. Runs in the page. */
function sticksOut() {
  const screen = document.documentElement.clientWidth;
  const wide = [];
  if (document.documentElement.scrollWidth > screen) wide.push(`the page: ${document.documentElement.scrollWidth} px`);
  const walk = (host, edge) => {
    for (const element of host.shadowRoot.querySelectorAll("*")) {
      const { right, width } = element.getBoundingClientRect();
      if (width > 1 && right > edge + 1) wide.push(`${element.localName} in ${host.localName}: ${right} px of ${edge}`);
      if (element.shadowRoot) walk(element, width > 0 ? right : edge);
    }
  };
  const element = document.querySelector("two-tower-trainer");
  if (element) walk(element, Math.min(screen, element.getBoundingClientRect().right));
  return wide;
}

async function picture(page, name) {
  if (!order.screenshots) return;
  await page.screenshot({ path: join(order.screenshots, `${name}.png`) });
}
