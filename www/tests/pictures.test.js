/** The pictures of a run: the map, the batch, the words, the tour, the stories, and what charts can do. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, start } from "./browser.js";
import { drawing, main, phase, quick, until } from "./visit.js";

let session;
before(async () => (session = await start()));
after(() => session?.stop());

/** Trains the page's first data set for a few epochs, with the pictures on the screen. */
async function trained(page, epochs) {
  await phase(page, "Start training");
  await quick(page, epochs);
  await page.locator("tt-pictures").scrollIntoViewIfNeeded();
  await page.locator("tt-item-map tt-map-view").waitFor();
  await page.getByText("before training", { exact: true }).waitFor();
  await main(page).click();
  await phase(page, "Train again");
  await page.locator("tt-item-map .time span").getByText(`after ${epochs} epochs`).waitFor();
}

test("the map moves with the epochs, and search, keys and pointer reach its items", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  assert.equal(await page.evaluate(() => customElements.get("tt-item-map")), undefined, "it loads when it is shown");
  await trained(page, 3);
  const map = page.locator("tt-item-map");
  const canvas = map.getByRole("img");
  assert.match(await canvas.getAttribute("aria-label"), /^Map of [\d,]+ books after 3 epochs\. Arrow keys go from book to book/);
  await page.screenshot({ path: drawing("map") });

  // The first frame is that of the model before training; playing ends at the last one.
  const slider = map.getByRole("slider", { name: "Epoch" });
  await slider.fill("0");
  await map.locator(".time span").getByText("before training").waitFor();
  await map.getByRole("button", { name: "Play" }).click();
  await map.locator(".time span").getByText("after 3 epochs").waitFor();

  // Search, then the list of neighbours, whose items lead on.
  await map.getByRole("combobox", { name: "Find a book by title" }).fill("harry potter");
  await map.getByRole("listbox").getByRole("option").first().click();
  const near = map.locator("section", { hasText: /^\s*Near/ });
  const first = await near.getByRole("heading").textContent();
  await near.getByRole("button").nth(9).waitFor();
  assert.match(await canvas.getAttribute("aria-label"), /Harry Potter.* is chosen/);
  const next = (await near.getByRole("button").first().locator("bdi").first().textContent()) ?? "";
  await near.getByRole("button").first().click();
  await near.getByRole("heading", { name: `Near ${next}` }).waitFor();
  assert.notEqual(await near.getByRole("heading").textContent(), first);

  // The keys go from item to item, and say its title.
  await canvas.focus();
  await page.keyboard.press("ArrowRight");
  await until(async () => ((await map.locator("tt-map-view").getByRole("status").textContent()) ?? "").length > 1);
  const title = await map.locator("tt-map-view").getByRole("status").textContent();
  await page.keyboard.press("Enter");
  await near.getByRole("heading", { name: `Near ${title}` }).waitFor();

  // Colours: each has its groups, one of which may stand out.
  for (const colour of ["cluster", "popularity"]) {
    await map.getByRole("combobox", { name: "Colour" }).selectOption(colour);
    await map.getByRole("group", { name: "Show one group" }).getByText(colour === "cluster" ? "group 8" : /\d pairs/).first().waitFor();
  }
  const [group] = await map.getByRole("group", { name: "Show one group" }).getByRole("button").all();
  await group.click();
  assert.equal(await group.getAttribute("aria-pressed"), "true");
  assert.deepEqual(faults, []);
  await close();
});

test("the batch has the run's own numbers: rows add up, the diagonal is marked, a row is explained", async () => {
  const { page, faults, close } = await open(session);
  await trained(page, 2);
  await page.locator("tt-pictures").getByText("Batch", { exact: true }).click();
  const batch = page.locator("tt-batch-picture");
  await batch.locator("tbody tr").nth(9).waitFor();
  for (const row of await batch.locator("tbody tr").all()) {
    const shares = (await row.locator("td").allTextContents()).map((text) => Number.parseFloat(text) || 0);
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100) < 4, `${shares}`);
  }
  assert.equal(await batch.locator("td.positive").count(), 10);
  await batch.getByText(/^\s*Reader \d+ took/).waitFor();
  await batch.getByText("Push and pull").click();
  assert.match(await batch.locator("td.positive").first().textContent(), /^−/);
  await page.screenshot({ path: drawing("batch") });
  assert.deepEqual(faults, []);
  await close();
});

test("the step is the plan of the run: techniques change it, and each operation is explained", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await quick(page, 4);
  await page.locator("tt-pictures").getByText("Step", { exact: true }).click();
  await page.locator("tt-pictures").scrollIntoViewIfNeeded();
  const step = page.locator("tt-step-graph");
  const box = (name) => step.locator("li").getByRole("button", { name });
  await box(/^gather_rows/).first().waitFor();
  await box(/softmax_loss/).focus();
  await step.getByRole("heading", { name: /^softmax_loss → / }).waitFor();
  const details = step.locator(".details");
  assert.match(await details.textContent(), /multiply-adds.*d_user \(.*logits\[b, j\] = u_b·v_j \/ τ.*In this run B = \d+, .*τ = 0\.\d/s);
  await details.getByText("WGSL of this run").first().click();
  assert.match(await details.locator("pre").first().textContent(), /\n {4}multiply\(/);
  await box(/softmax_loss/).focus();
  await page.keyboard.press("Tab");
  await step.getByRole("heading", { name: /^softmax_loss/ }).waitFor({ state: "detached" });
  await box(/^gather_rows → user/).hover();
  await step.getByRole("heading", { name: "gather_rows → user_outputs" }).waitFor();
  await step.getByText("The graph as a table").click();
  assert.equal(await step.locator("tbody tr").count(), await step.locator("li").count());

  // OneBP has no gradient of the users; CBNS has a bank, skipping has kept pairs, and both count.
  assert.ok((await step.locator("table").textContent()).includes("d_user"));
  await page.getByRole("switch", { name: "OneBP" }).check({ force: true });
  await box(/^aggregate_users/).waitFor();
  assert.ok(!(await step.locator("table").textContent()).includes("d_user"));
  await page.getByRole("switch", { name: "OneBP" }).uncheck({ force: true });
  await page.getByRole("switch", { name: "CBNS" }).check({ force: true });
  await page.getByRole("switch", { name: "Skipping" }).check({ force: true });
  await box(/^enqueue/).waitFor();
  await box(/^compact_pairs/).waitFor();
  await page.getByRole("spinbutton", { name: "Up to this share of the epochs" }).fill("1");
  await main(page).click();
  await phase(page, "Train again");
  const pairs = (text) => /This epoch has ([\d,]+) of ([\d,]+) pairs/.exec(text).slice(1).map((digits) => Number(digits.replaceAll(",", "")));
  await until(async () => {
    const [kept, all] = pairs(await step.locator(".bar").textContent());
    return kept < all;
  });
  assert.doesNotMatch(await step.locator(".bar").textContent(), /bank has 0 of/);
  await page.screenshot({ path: drawing("step"), fullPage: true });
  assert.deepEqual(faults, []);
  await close();
});

test("words explain themselves to the pointer, the keyboard and a press, and go with Escape", async () => {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  const word = page.locator("tt-run-charts tt-term", { hasText: "recall@20" }).first();
  const meaning = word.getByText("hidden items that are among the 20");
  await word.hover();
  await meaning.waitFor();
  await meaning.hover();
  await page.waitForTimeout(600);
  assert.ok(await meaning.isVisible(), "it stays while the pointer is on it");
  await page.keyboard.press("Escape");
  await meaning.waitFor({ state: "hidden" });
  await word.getByRole("button").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  await meaning.waitFor();
  assert.equal(await word.getByRole("button").evaluate((button) => button.getAttribute("aria-describedby")), "means");
  await page.getByRole("button", { name: "The words" }).click();
  await page.locator("tt-tour dt", { hasText: "Two-tower model" }).waitFor();
  await close();
});

test("the tour has six steps, is remembered, and a refused storage does no harm", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.getByText("First time here?").waitFor();
  await page.getByRole("button", { name: "Take the tour" }).click();
  const card = page.getByRole("dialog");
  for (let step = 1; step <= 6; step++) {
    await card.getByText(`${step} of 6`).waitFor();
    await until(() => card.getByRole("heading").evaluate((heading) => heading.matches(":focus")));
    if (step === 2) await page.screenshot({ path: drawing("tour") });
    await card.getByRole("button", { name: step < 6 ? "Next" : "Done" }).click();
  }
  await card.waitFor({ state: "detached" });
  assert.equal(await page.getByText("First time here?").count(), 0);
  await page.reload();
  await phase(page, "Start training");
  await page.getByRole("button", { name: "Take the tour" }).click();
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "detached" });
  assert.equal(await page.getByText("First time here?").count(), 0);
  assert.deepEqual(faults, []);
  await close();
  const refuse = (page) => page.addInitScript(() => Object.defineProperty(globalThis, "localStorage", { get: () => { throw new Error("refused"); } }));
  const strict = await open(session, { prepare: refuse });
  await strict.page.getByRole("button", { name: "No, thanks" }).click();
  await strict.page.getByText("First time here?").waitFor({ state: "detached" });
  assert.deepEqual(strict.faults, []);
  await strict.close();
});

test("a story opens its data and its settings, and each is a link to them", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  const stories = page.locator("tt-story-cards");
  await stories.getByRole("listitem").nth(5).waitFor();
  assert.equal(await stories.getByRole("listitem").count(), 6);
  for (const link of await stories.getByRole("link").all()) {
    const { page: linked, faults, close } = await open(session, { path: `#${(await link.getAttribute("href")).split("#")[1]}` });
    await phase(linked, "Start training");
    assert.deepEqual(faults, [], await link.textContent());
    assert.equal(await linked.locator("tt-error-note p").count(), 0, await link.textContent());
    await close();
  }
  await stories.getByRole("link", { name: /^With the cap/ }).click();
  await until(async () => new URL(page.url()).hash.includes("online-retail"));
  await phase(page, "Start training");
  assert.ok(await page.getByRole("switch", { name: "Skipping" }).isChecked());
  assert.deepEqual(faults, []);
  await close();
});

test("a chart has another axis, smoothing, a table and a file", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await quick(page, 2);
  await main(page).click();
  await phase(page, "Train again");
  const chart = page.locator("tt-line-chart").nth(1);
  await chart.getByText("Scale, table, CSV").click();
  await chart.getByRole("checkbox", { name: "Logarithmic axis" }).check();
  await chart.getByRole("combobox", { name: "Smoothing" }).selectOption("Some");
  assert.equal(await chart.locator("tbody tr").count(), 2);
  await chart.screenshot({ path: drawing("chart-tools") });
  const [download] = await Promise.all([page.waitForEvent("download"), chart.getByRole("button", { name: "Download CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "test-metrics.csv");
  const lines = (await (await download.createReadStream()).toArray()).join("").trimEnd().split("\n");
  assert.equal(lines[0], "epochs,recall@20,NDCG@20,popularity recall@20,popularity NDCG@20");
  assert.equal(lines.length, 3);
  assert.deepEqual(faults, []);
  await close();
});
