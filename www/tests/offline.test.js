/** Tests the offline page, opened from disk: it contains everything and sends no request. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { launch } from "./chromium.js";
import { ratings } from "./ratings.js";
import { file, main, phase, quick } from "./visit.js";

const BUILT = new URL("../dist/twotower-demo.html", import.meta.url);

let browser, folder, address;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "twotower-"));
  // Copied to its own folder, so that no other built file can be loaded.
  copyFileSync(BUILT, join(folder, "demo.html"));
  address = pathToFileURL(join(folder, "demo.html")).href;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

/** Opens the page and records its errors and requests. */
async function open() {
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults = [];
  context.on("request", (request) => /^(file|blob|data):/.test(request.url()) || faults.push(`a request to ${request.url()}`));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(address);
  return { page, faults, close: () => context.close() };
}

const epochs = (page) => page.locator("tt-epoch-table tbody tr").count();

test("the offline page has at most 2,000,000 bytes", () => {
  assert.ok(statSync(BUILT).size <= 2_000_000, `${statSync(BUILT).size} bytes`);
});

test("the offline page opens the shop's data, and shows only data and links that it contains", async () => {
  const { page, faults, close } = await open();
  await phase(page, "Start training");
  await page.getByText("4,071 customers").waitFor();
  assert.equal(await page.getByRole("radio", { name: "Goodbooks" }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "Copy link" }).count(), 0);
  const [notices] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "work of others" }).click()]);
  await notices.getByText("Copyright 2017 Google Inc.").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

for (const [backend, label] of [["CPU", "CPU"], ["WebGPU", "WebGPU"]]) {
  test(`the offline page trains on a dropped file: ${backend}`, async () => {
    const { page, faults, close } = await open();
    await phase(page, "Start training");
    await page.evaluate((text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], "mine.csv"));
      for (const type of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }, ratings());
    await page.getByText("60 users").waitFor();
    await page.getByRole("radio", { name: label, exact: true }).check({ force: true });
    await quick(page, 2);
    await phase(page, "Start training");
    await main(page).click();
    await phase(page, "Train again");
    assert.match(await page.locator("tt-run-controls .backend").textContent(), new RegExp(`${backend}\\s`));
    assert.match(await page.getByRole("img", { name: /^Test metrics/ }).getAttribute("aria-label"), /NDCG@20 0\.\d{3}/);
    assert.deepEqual(faults, []);
    await close();
  });
}

test("the offline page keeps a run, saves it as a file, and resumes from both", async () => {
  const { page, faults, close } = await open();
  await phase(page, "Start training");
  await page.locator("input[type=file]").setInputFiles([file("mine.csv", ratings())]);
  await page.getByText("60 users").waitFor();
  await quick(page, 2);
  await phase(page, "Start training");
  await main(page).click();
  await phase(page, "Train again");
  await page.getByRole("button", { name: "Keep this model" }).click();
  await page.getByText("Kept in this browser").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a file" }).click()]);
  const saved = readFileSync(await download.path());

  await page.reload();
  await phase(page, "Start training");
  await page.getByRole("button", { name: "Open mine.csv" }).click();
  await phase(page, "Train again");
  assert.equal(await epochs(page), 3, "two epochs and popularity");
  await page.reload();
  await phase(page, "Start training");
  await page.locator("input[type=file]").setInputFiles({ name: "model.safetensors", mimeType: "application/octet-stream", buffer: saved });
  await phase(page, "Train again");
  assert.equal(await epochs(page), 3, "two epochs and popularity");
  assert.deepEqual(faults, []);
  await close();
});
