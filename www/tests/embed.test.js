/** Tests the page for frames, and the demo page's state in its address: links and code for other pages. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { CORS, serve } from "./serve.js";
import { phase, quick, until } from "./visit.js";

const DIST = new URL("../dist/", import.meta.url);

/** Start of a page, without a request for an icon. */
const HEAD = '<!doctype html><link rel="icon" href="data:," />';

/** Fragment of a cheap run that starts by itself. */
const QUICK = `dataset=goodbooks&epochs=1&autostart=&loading=eager&config=${encodeURIComponent('{"dim":8,"batchSize":2048}')}`;

let browser, server;
before(async () => {
  browser = await launch();
  server = await serve(DIST, { headers: CORS });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a page and records its errors. */
async function open(path, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(new URL(path, server.url).href);
  return { page, faults, close: () => context.close() };
}

const attributes = (page) =>
  page.locator("two-tower-trainer").evaluate((element) => Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])));

test("the page for frames sets its element from its address, also after a change", async () => {
  const { page, faults, close } = await open("embed/#dataset=goodbooks&epochs=2&controls=dim");
  assert.deepEqual(await attributes(page), { dataset: "goodbooks", epochs: "2", controls: "dim" });
  await page.getByRole("spinbutton", { name: "Width D" }).waitFor();
  await page.getByText("2 epochs to go").waitFor();
  await page.evaluate(() => (location.hash = "#dataset=goodbooks&epochs=3"));
  await page.getByText("3 epochs to go").waitFor();
  assert.deepEqual(await attributes(page), { dataset: "goodbooks", epochs: "3" });
  assert.deepEqual(faults, []);
  await close();
});

test("a wrong or forbidden name in its address gives a message with the allowed names", async () => {
  for (const name of ["epoch", "worker-url"]) {
    const { page, faults, close } = await open(`embed/#${name}=2`);
    const message = await page.getByRole("alert").textContent();
    assert.ok(message.includes(`${name}="2"`) && message.includes("dataset, items, users") && !message.includes("worker-url, "), message);
    await page.evaluate(() => (location.hash = "#epochs=2"));
    await page.getByRole("alert").waitFor({ state: "detached" });
    assert.deepEqual(faults, []);
    await close();
  }
});

for (const [how, sandbox] of [["", ""], [" that is sandboxed", 'sandbox="allow-scripts"']]) {
  test(`the page trains in a frame of another site's page${how}, and sends its height`, async (t) => {
    const frame = `<iframe ${sandbox} src="${server.url}embed/#${QUICK}" width="700" height="440"></iframe>`;
    const script = "globalThis.heights = []; addEventListener('message', ({ data }) => data.type === 'twotower-height' && heights.push(data.height));";
    const host = await serve(DIST, { pages: { "/host.html": `${HEAD}<script>${script}</script>${frame}` } });
    t.after(() => host.close());
    const { page, faults, close } = await open(`${host.url}host.html`);
    const inside = page.frameLocator("iframe");
    await phase(inside, "Train again");
    assert.match(await inside.getByRole("img", { name: /^Test metrics/ }).getAttribute("aria-label"), /NDCG@20 0\.\d{3}/);
    const inner = await inside.locator("body").evaluate((element) => element.offsetHeight);
    await until(async () => (await page.evaluate(() => globalThis.heights.at(-1))) === inner);
    assert.deepEqual(faults, []);
    await close();
  });
}

test("the demo page keeps its data and its settings in its address", async () => {
  const { page, faults, close } = await open("#dataset=goodbooks");
  await phase(page, "Start training");
  assert.ok(await page.getByRole("radio", { name: "Goodbooks" }).isChecked());
  await quick(page, 3);
  await page.getByRole("radio", { name: "CPU", exact: true }).check({ force: true });
  await until(async () => (await page.evaluate(() => location.hash)).includes("backend=cpu"));
  const fragment = new URLSearchParams(await page.evaluate(() => location.hash.slice(1)));
  assert.equal(fragment.get("dataset"), "goodbooks");
  assert.equal(fragment.get("epochs"), "3");
  assert.deepEqual(JSON.parse(fragment.get("config")), { batchSize: 128, dim: 8, optimizer: { learningRate: 0.02 } });
  await page.reload();
  await phase(page, "Start training");
  assert.ok(await page.getByRole("radio", { name: "Goodbooks" }).isChecked());
  assert.ok(await page.getByRole("radio", { name: "CPU", exact: true }).isChecked());
  assert.equal(await page.getByRole("spinbutton", { name: "Width D" }).inputValue(), "8");
  assert.equal(await page.getByRole("spinbutton", { name: "Epochs" }).inputValue(), "3");
  assert.deepEqual(new URLSearchParams(await page.evaluate(() => location.hash.slice(1))), fragment);
  assert.deepEqual(faults, []);
  await close();
});

test("a link with an invalid value gives a message, and the page still trains", async () => {
  const { page, faults, close } = await open("#dataset=goodbooks&epochs=none");
  await page.locator("tt-error-note").getByText('attribute epochs="none" is not allowed').waitFor();
  await phase(page, "Start training");
  assert.deepEqual(faults, []);
  await close();
});

test("the page copies its link, frame and element, and they train with its settings", async (t) => {
  const settings = `dataset=goodbooks&epochs=2&backend=cpu&config=${encodeURIComponent('{"dim":8,"batchSize":2048}')}`;
  const { page, faults, close } = await open(`#${settings}`, { permissions: ["clipboard-read", "clipboard-write"] });
  await phase(page, "Start training");
  const copied = async (button) => {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await page.getByRole("button", { name: button }).click();
    await until(() => page.evaluate(async () => (await navigator.clipboard.readText()) !== ""));
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const link = await copied("Copy link");
  assert.equal(link, page.url());
  assert.deepEqual(Object.fromEntries(new URLSearchParams(new URL(link).hash.slice(1))), Object.fromEntries(new URLSearchParams(settings)));
  await page.getByText("Copy embed code").click();
  const frame = await copied("Copy iframe");
  const element = await copied("Copy element");
  assert.deepEqual(faults, []);
  await close();

  assert.match(element, /^<script type="module" src="https:\/\/cdn\.jsdelivr\.net\/npm\/twotower@\d+\.\d+\.\d+\/dist\/element\.js"><\/script>\n/);
  const local = element.replace(/https:\/\/cdn\.jsdelivr\.net\/npm\/twotower@[\d.]+\/dist\//, server.url);
  const host = await serve(DIST, { pages: { "/element.html": HEAD + local, "/frame.html": HEAD + frame } });
  t.after(() => host.close());
  for (const [path, inside] of [["element.html", (page) => page], ["frame.html", (page) => page.frameLocator("iframe")]]) {
    const { page, close } = await open(host.url + path);
    const view = inside(page);
    await phase(view, "Start training");
    const set = await attributes(view);
    assert.deepEqual({ ...set, config: JSON.parse(set.config) }, { dataset: "goodbooks", epochs: "2", backend: "cpu", config: { dim: 8, batchSize: 2048 } });
    await view.locator("tt-run-controls .primary").click();
    await phase(view, "Train again");
    await view.getByText("2 epochs, trained in").waitFor();
    await close();
  }
});
