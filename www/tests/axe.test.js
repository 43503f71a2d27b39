/** Tests the accessibility of the page and of the element by axe-core, in each of their states, light and dark. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { open, start } from "./browser.js";
import { ratings } from "./ratings.js";
import { file, fits, main, phase, quick } from "./visit.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let session;
before(async () => (session = await start()));
after(() => session?.stop());

/** Returns the violations, each with the first element that has it. */
async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations, passes } = await globalThis.axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } });
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
    return passes.length > 0 ? found : ["axe looked at nothing"];
  });
}

for (const [colorScheme, width] of [["light", 1280], ["dark", 390], ["light", 320]]) {
  test(`the page, ${colorScheme}, ${width} px wide`, async () => {
    const { page, close } = await open(session, { colorScheme, viewport: { width, height: 860 } });
    const found = {};
    await phase(page, "Start training");
    found.idle = await violations(page);
    await quick(page, 60);
    await main(page).click();
    await page.getByText(/Epoch (?!1 )\d+ of \d+, step/).waitFor();
    found.training = await violations(page);
    await main(page).click();
    await phase(page, "Resume");
    await page.getByRole("button", { name: "Reset" }).click();
    await phase(page, "Start training");
    await quick(page, 1);
    await main(page).click();
    await phase(page, "Train again");
    for (const summary of await page.locator("summary").all()) await summary.click();
    await page.locator("tt-export-menu").getByRole("button", { name: "Download CSV" }).waitFor();
    await page.getByRole("button", { name: "Download a sample" }).waitFor();
    found.done = await violations(page);
    await page.locator("tt-pictures").scrollIntoViewIfNeeded();
    await page.locator("tt-item-map .time span").getByText("after 1 epoch").waitFor();
    found.map = await violations(page);
    await page.locator("tt-pictures").getByText("Batch", { exact: true }).click();
    await page.locator("tt-batch-picture tbody tr").nth(9).waitFor();
    found.batch = await violations(page);
    await page.locator("tt-pictures").getByText("Step", { exact: true }).click();
    await page.locator("tt-step-graph").getByRole("button", { name: /^gather_rows/ }).first().waitFor();
    found.step = await violations(page);
    await page.getByRole("button", { name: "The words" }).click();
    await page.getByRole("button", { name: "Take the tour" }).click();
    found.tour = await violations(page);
    await page.keyboard.press("Escape");
    await page.locator("tt-past-runs li").nth(1).waitFor();
    for (const box of await page.locator("tt-past-runs [type=checkbox]").all()) await box.check();
    await page.locator("tt-run-pair").waitFor();
    found.past = await violations(page);
    await page.locator("tt-compare-panel").getByRole("radio", { name: "2", exact: true }).check({ force: true });
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.locator("tt-comparison-verdicts").getByText("Of 2 seeds").waitFor({ timeout: 120_000 });
    await page.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached", timeout: 120_000 });
    found.compare = await violations(page);
    await page.getByRole("switch", { name: "OneBP" }).check({ force: true });
    await page.getByText("Switch off OneBP first").waitFor();
    await page.locator("input[type=file]").setInputFiles([file("unclear.csv", ratings().replace(/^.*/, "who,what,when"))]);
    await page.getByRole("button", { name: "Dismiss" }).waitFor();
    found.refused = await violations(page);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("switch", { name: "Tuning" }).check({ force: true });
    await quick(page, 60);
    await page.getByRole("button", { name: "Reset" }).click();
    await phase(page, "Start training");
    await main(page).click();
    await page.getByText("(best so far)").waitFor();
    found.tuning = await violations(page);
    assert.deepEqual(found, { idle: [], training: [], done: [], map: [], batch: [], step: [], tour: [], past: [], compare: [], refused: [], tuning: [] });
    await fits(page, {});
    await close();
  });
}

for (const colorScheme of ["light", "dark"]) {

  test(`the element, ${colorScheme}`, async () => {
    const html = `<!doctype html><html lang="en"><head><title>A page</title><meta name="color-scheme" content="light dark"></head><body><main><h1>A page</h1>
      <two-tower-trainer epochs="60" config='{"dim": 8, "batchSize": 1024}' controls="dim onebp cbns" panels="loss metrics ask map batch step profile compare" strategies="two-bp one-bp"></two-tower-trainer>
      </main><script type="module" src="element.js"></script></body></html>`;
    const prepare = (page) => page.route("**/try.html", (route) => route.fulfill({ contentType: "text/html", body: html }));
    const { page, close } = await open(session, { path: "try.html", colorScheme, prepare });
    const element = page.locator("two-tower-trainer");
    const found = {};
    await phase(page, "Start training");
    found.idle = await violations(page);
    await main(page).click();
    await page.getByText(/Epoch (?!1 )\d+ of \d+, step/).waitFor();
    found.training = await violations(page);
    await element.evaluate((trainer) => (trainer.epochs = 1));
    await phase(page, "Start training");
    await main(page).click();
    await phase(page, "Train again");
    found.done = await violations(page);
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.locator("tt-comparison-table tfoot").waitFor({ timeout: 60_000 });
    found.compare = await violations(page);
    await element.evaluate((trainer) => (trainer.epochs = 0));
    await page.getByText(/attribute epochs="0" is not allowed/).waitFor();
    found.error = await violations(page);
    assert.deepEqual(found, { idle: [], training: [], done: [], compare: [], error: [] });
    await close();
  });
}
