/**
 * Engines other than Chromium, with one small interface: `open(path)` returns a page of the built site, and `stop()`
 * ends the engine. A page has
 *
 * - `evaluate(work, ...values)`: runs a function in the page and returns what it returns, as JSON;
 * - `until(work, ...values)`: waits until such a function returns a truthy value, and returns it;
 * - `faults()`: the uncaught errors in the page;
 * - `close()`.
 *
 * In the page, `deep(selector)` finds the elements that match, also in shadow roots.
 */

import assert from "node:assert/strict";

import { serve } from "./browser.js";
import { launchFirefox } from "./firefox.js";
import { launchWebkit } from "./webkit.js";

/** Maximum milliseconds of a call into the page. */
const PATIENCE = 60_000;

/** Starts Firefox, with WebGPU on a software adapter, which `auto` does not take. */
export async function firefox() {
  const server = await serve();
  const browser = await launchFirefox().catch((error) => server.close().then(() => Promise.reject(error)));
  return {
    async open(path = "") {
      const page = await browser.newPage();
      await page.setViewport({ width: 1280, height: 860 });
      const faults = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      await page.goto(new URL(path, server.url).href);
      await page.evaluate(prepare);
      return pageOf({
        evaluate: (work, ...values) => page.evaluate(work, ...values),
        faults: () => faults,
        close: () => page.close(),
      });
    },
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}

/** Starts WebKitGTK, which has no WebGPU. It has one page at a time. */
export async function webkit() {
  const server = await serve();
  const { driver, stop } = await launchWebkit().catch((error) => server.close().then(() => Promise.reject(error)));
  await driver.manage().setTimeouts({ script: PATIENCE });
  const evaluate = async (work, ...values) => {
    const { value, error } = await driver.executeAsyncScript(
      `const done = arguments[arguments.length - 1];
      (async () => (${work})(...arguments[0]))().then((value) => done({ value }), (error) => done({ error: String(error) }));`,
      values,
    );
    if (error !== undefined) throw new Error(error);
    return value;
  };
  return {
    async open(path = "") {
      await driver.get(new URL(path, server.url).href);
      await evaluate(prepare);
      return pageOf({ evaluate, faults: () => evaluate(() => window.faults), close: () => driver.get("about:blank") });
    },
    async stop() {
      await stop();
      await server.close();
    },
  };
}

function pageOf(page) {
  const until = async (work, ...values) => {
    for (const end = Date.now() + PATIENCE; ; ) {
      const found = await page.evaluate(work, ...values);
      if (found) return found;
      assert.ok(Date.now() < end, `never: ${work} of ${JSON.stringify(values)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return { ...page, until };
}

/** Runs in the page before the rest of a test. */
function prepare() {
  window.faults = [];
  addEventListener("error", ({ message }) => window.faults.push(message));
  addEventListener("unhandledrejection", ({ reason }) => window.faults.push(String(reason)));
  window.deep = (selector, root = document) =>
    [...root.querySelectorAll("*")].flatMap((element) => [
      ...(element.matches(selector) ? [element] : []),
      ...(element.shadowRoot ? window.deep(selector, element.shadowRoot) : []),
    ]);
}

/** Trains the demo page for two cheap epochs. Returns its backend, its epochs and how many items it recommends. */
export async function trainDemo(page) {
  await said(page, "Start training");
  for (const [label, value] of [["Batch size", 512], ["Width D", 8], ["Epochs", 2]]) await fill(page, label, value);
  await said(page, "Start training");
  await page.evaluate(() => window.deep("tt-run-controls")[0].shadowRoot.querySelector(".primary").click());
  await said(page, "Train again");
  return page.until(() => {
    const all = (tag, inside) => [...window.deep(tag)[0].shadowRoot.querySelectorAll(inside)];
    const recommended = all("tt-ask-panel", "section").find((section) => /Recommended/.test(section.textContent));
    const items = recommended.querySelector("tt-item-list").shadowRoot.querySelectorAll("button").length;
    if (items === 0) return undefined;
    const epochs = all("tt-epoch-table", "tbody tr").map((row) => row.textContent.replace(/\s+/g, " ").trim());
    return { backend: all("tt-run-controls", ".backend")[0].textContent, epochs, items };
  });
}

/** Trains `<two-tower-trainer>` in a separate page for two cheap epochs. Returns its backend and its last metric. */
export async function trainElement(engine, backend) {
  const page = await engine.open("element.js");
  const found = await page.evaluate(async (backend) => {
    await import("./element.js");
    const config = JSON.stringify({ dim: 8, batchSize: 1024, optimizer: { learningRate: 0.02 } });
    const element = document.createElement("two-tower-trainer");
    const attributes = { dataset: "goodbooks", epochs: 2, loading: "eager", autostart: "", backend, config };
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    const ended = new Promise((resolve, reject) => {
      element.addEventListener("twotower-done", ({ detail }) => resolve(detail.report));
      element.addEventListener("twotower-error", ({ detail }) => reject(detail.error));
    });
    document.body.replaceChildren(element);
    const { epochs } = await ended;
    const { about } = await element.ready;
    return { backend: about.backend, epochs: epochs.length, ndcg: epochs.at(-1)["ndcg@20"] };
  }, backend);
  const faults = await page.faults();
  await page.close();
  return { ...found, faults };
}

/** Sets an option of the demo page by its label. */
function fill(page, label, value) {
  const set = (label, value) => {
    const field = window.deep("tt-option-field").find((field) => field.label === label);
    const input = field?.shadowRoot.querySelector("input:enabled");
    if (!input) return false;
    input.value = value;
    return input.dispatchEvent(new Event("change"));
  };
  return page.until(set, label, String(value));
}

/** Waits until the demo page's main button has this label. */
function said(page, label) {
  const says = (label) => {
    const button = window.deep("tt-run-controls")[0]?.shadowRoot.querySelector(".primary:enabled");
    return button?.textContent.trim() === label;
  };
  return page.until(says, label);
}
