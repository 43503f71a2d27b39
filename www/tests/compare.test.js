/** Tests techniques and the comparison of strategies, as visitors use them. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, start } from "./browser.js";
import { ratings } from "./ratings.js";
import { drawing, file, fits, main, phase, quick, SCREENS, until } from "./visit.js";

let session;
before(async () => (session = await start()));
after(() => session?.stop());

const about = (page) => page.locator("tt-run-controls").evaluate(({ about }) => about);
const config = async (page) => (await about(page)).config;
const toggle = (page, name) => page.getByRole("switch", { name }).click({ force: true });
const pick = (page, name) => page.locator("tt-strategy-picker").getByRole("checkbox", { name: new RegExp(`^${name}`) });
const compare = (page) => page.getByRole("button", { name: "Compare", exact: true });
const rows = (page) => page.locator("tt-comparison-table tbody tr");
const chart = (page) => page.locator("tt-comparison-chart tt-line-chart");
const said = (page) => chart(page).getByRole("img").getAttribute("aria-label");
const axis = (page, name) => page.getByRole("radio", { name, exact: true }).check({ force: true });

/** Types a value and leaves the field. */
async function type(page, label, value) {
  await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel(label, { exact: true }).press("Tab");
}

/** Opens a page with small data, and few and cheap epochs. */
async function small(epochs = 3) {
  const opened = await open(session);
  const { page } = opened;
  await phase(page, "Start training");
  await page.locator("input[type=file]").setInputFiles([file("mine.csv", ratings())]);
  await page.getByText("60 users, 40 items").waitFor();
  await quick(page, epochs);
  return opened;
}

/** Leaves only these strategies ticked. */
async function only(page, ...names) {
  for (const name of ["Two backpropagations", "OneBP", "CBNS", "Skipping", "The current settings"]) {
    await pick(page, name).setChecked(names.includes(name), { force: true });
  }
}

/** Compares until all strategies have been trained. */
async function compared(page) {
  await compare(page).click();
  await page.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached", timeout: 120_000 });
}

test("a technique is off until it is switched on, starts with suitable values, and trains with its options", async () => {
  const { page, faults, close } = await small();
  const { onebp, cbns, skip } = await config(page);
  assert.deepEqual([onebp, cbns, skip], [null, null, null]);

  await toggle(page, "OneBP");
  await until(async () => (await config(page)).onebp?.beta === 0.95);
  assert.equal((await config(page)).temperature, 0.12);
  assert.ok((await about(page)).plan.includes("aggregate_users"));
  await type(page, "Kept share β", "0.5");
  await until(async () => (await config(page)).onebp.beta === 0.5);
  await toggle(page, "OneBP");
  await until(async () => (await config(page)).onebp === null);
  assert.equal((await config(page)).temperature, 0.2);
  assert.ok(!(await about(page)).plan.includes("aggregate_users"));

  await page.getByText("With a bank of 512, a step has about 6.3 times the multiply-adds; on the CPU it takes 3 to 6 times as long.").waitFor();
  await toggle(page, "CBNS");
  await until(async () => (await config(page)).cbns?.capacity === 512);
  await type(page, "Bank size", "64");
  await type(page, "Warm-up steps", "7");
  await page.getByLabel("Bank gradients").selectOption("items");
  await until(async () => (await config(page)).cbns.sides === "items");
  assert.deepEqual((await config(page)).cbns, { capacity: 64, warmup: 7, sides: "items" });
  await type(page, "Warm-up steps", "");
  await until(async () => (await config(page)).cbns.warmup === "auto");

  await toggle(page, "Skipping");
  await until(async () => (await config(page)).skip?.policy === "cap");
  await page.getByLabel("Which pairs").selectOption("random");
  await type(page, "After epochs", "2");
  await until(async () => (await config(page)).skip?.start === 2);
  await main(page).click();
  await phase(page, "Train again");
  const { policy, share } = (await config(page)).skip;
  assert.deepEqual([policy, Math.round(10 * share)], ["random", 3]);
  assert.deepEqual(faults, []);
  await close();
});

test("negatives are a choice, with a count if they are drawn; values that cannot be combined are disabled with a reason", async () => {
  const { page, close } = await small();
  assert.equal(await page.getByLabel("Drawn").count(), 0);
  await page.getByLabel("Negatives").selectOption("uniform");
  await type(page, "Drawn", "3");
  await until(async () => (await config(page)).negatives.count === 3);
  await page.getByText("Needs negatives that a batch shares. Set Negatives to in-batch or mixed.").waitFor();
  assert.ok(await page.getByRole("switch", { name: "CBNS" }).isDisabled());
  await page.getByLabel("Negatives").selectOption("mixed");
  await toggle(page, "CBNS");
  await until(async () => (await config(page)).cbns !== null);
  await phase(page, "Start training");
  assert.equal((await config(page)).negatives.kind, "mixed");
  await close();
});

test("two strategies draw two curves over the chosen axis and fill two rows; the page's own run stays", async () => {
  const { page, faults, close } = await small(4);
  await main(page).click();
  await phase(page, "Train again");
  await only(page, "Two backpropagations", "OneBP");
  await compared(page);
  assert.match(await said(page), /^NDCG@20 over the epochs: Two backpropagations 0\.\d{3}, OneBP 0\.\d{3}$/);
  const drawn = () => chart(page).evaluate(({ x, to, lines }) => ({ x, to, points: lines.map(({ y }) => y.filter((at) => at !== null).length) }));
  assert.deepEqual(await drawn(), { x: [0, 1, 2, 3, 4], to: 4, points: [4, 4] });
  const before = await said(page);

  const { train } = (await about(page)).data;
  await axis(page, "pairs trained");
  await until(async () => (await said(page)).includes("over the pairs trained"));
  assert.deepEqual(await drawn(), { x: [0, 1, 2, 3, 4].map((n) => n * train), to: 4 * train, points: [4, 4] });
  await axis(page, "time");
  await until(async () => (await said(page)).includes("over the time"));
  assert.deepEqual((await drawn()).points, [4, 4]);
  await axis(page, "recall@20");
  await until(async () => (await said(page)).startsWith("recall@20"));
  assert.notEqual((await said(page)).replace(/^.*:/, ""), before.replace(/^.*:/, ""));

  assert.equal(await rows(page).count(), 2);
  const cells = await rows(page).nth(1).locator("th, td").allTextContents();
  assert.match(cells[0], /OneBP\s+Kept share β 0\.95, Temperature τ 0\.12/);
  assert.deepEqual(cells.slice(1, 4).map((cell) => /^(0\.\d{3}|[\d,]+)$/.test(cell)), [true, true, true], cells.join(" | "));
  assert.equal(cells[3], (4 * train).toLocaleString("en"));
  await page.locator("tt-comparison-table tfoot").getByText("Popularity").waitFor();

  const verdicts = page.locator("tt-comparison-verdicts");
  await verdicts.getByText(/^OneBP is (level with|better than|worse than) the plain run .*at \d+% fewer multiply-adds\./).waitFor();
  await verdicts.getByText("With one seed, a difference under 13% may be chance").waitFor();

  await page.getByRole("radio", { name: "3", exact: true }).check({ force: true });
  await compared(page);
  await verdicts.getByText("Of 3 seeds").waitFor();
  const spread = await rows(page).nth(1).locator("td").allTextContents();
  assert.deepEqual(spread.slice(0, 2).map((cell) => /^0\.\d{3} ± 0\.\d{4}$/.test(cell)), [true, true], spread.join(" | "));
  assert.equal(spread[2], (4 * train).toLocaleString("en"));
  const seeds = await page.locator("tt-comparison-table").evaluate(({ contenders }) =>
    contenders.map(({ runs }) => runs.map(({ about: { config, data } }) => [config.seed, data.train])),
  );
  assert.deepEqual(seeds, [[0, 1, 2], [0, 1, 2]].map((all) => all.map((seed) => [seed, train])));
  await axis(page, "epochs");
  await until(async () => (await said(page)).includes("over the epochs"));
  const bands = await chart(page).evaluate(({ lines }) =>
    lines.map(({ y, band }) => y.slice(1).map((at, ix) => [band.low[ix + 1] <= at && at <= band.high[ix + 1], band.low[ix + 1] < band.high[ix + 1]])),
  );
  // Seeds may give the same values in an epoch.
  assert.ok(bands.flat().every(([within]) => within) && bands.flat().some(([, wide]) => wide), JSON.stringify(bands));

  await page.getByText("Answers after 4 epochs").waitFor();
  await phase(page, "Train again");
  await until(() => page.workers().length === 1);
  await page.locator("input[type=file]").setInputFiles([file("other.csv", ratings())]);
  await rows(page).first().waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
  await close();
});

test("the current settings are compared as they are, and a technique with its current options", async () => {
  const { page, close } = await small();
  await toggle(page, "OneBP");
  await type(page, "Kept share β", "0.7");
  await toggle(page, "Skipping");
  assert.ok(await pick(page, "The current settings").isDisabled(), "four are enough");
  await only(page, "OneBP", "The current settings");
  await compared(page);
  const told = await page.locator("tt-comparison-table tbody .told").allTextContents();
  assert.deepEqual(told, [
    "Kept share β 0.7, Temperature τ 0.12",
    "OneBP, Kept share β 0.7, Temperature τ 0.12; Skipping, Which pairs cap, After epochs 1, Up to this share of the epochs 0.75",
  ]);
  const configs = await page.locator("tt-comparison-table").evaluate(({ contenders }) => contenders.map(({ runs }) => runs[0].about.config));
  assert.deepEqual(configs.map(({ skip }) => skip?.policy), [undefined, "cap"]);
  assert.deepEqual(configs.map(({ seed, dim, batchSize }) => [seed, dim, batchSize]), [[0, 8, 128], [0, 8, 128]]);
  await close();
});

test("a rejected strategy shows the reason in its row, and the others are trained", async () => {
  const { page, faults, close } = await small();
  await page.getByLabel("Negatives").selectOption("uniform");
  await only(page, "CBNS", "Two backpropagations", "Skipping");
  await compared(page);
  await rows(page).nth(1).getByText("a bank adds to negatives that a batch shares").waitFor();
  assert.match(await said(page), /Two backpropagations 0\.\d{3}, CBNS –, Skipping 0\.\d{3}$/);
  assert.deepEqual(faults, []);
  await close();
});

test("a comparison and the page's own run wait for each other; a cancelled comparison stays drawn", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await quick(page, 40);
  await main(page).click();
  await phase(page, "Pause");
  await until(() => compare(page).isDisabled());
  await page.getByText("Pause it first").waitFor();
  await main(page).click();
  await compare(page).click();
  await until(() => main(page).isDisabled());
  await until(async () => /Two backpropagations 0\.\d{3}/.test(await said(page)));
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled. The results so far are kept.").waitFor();
  assert.match(await said(page), /Two backpropagations 0\.\d{3}, OneBP –/);
  await phase(page, "Resume");
  await until(() => page.workers().length === 1);
  await compare(page).click();
  await until(async () => /Two backpropagations –/.test(await said(page)));
  await page.evaluate(() => document.querySelector("demo-page").remove());
  await until(() => page.workers().length === 0);
  assert.deepEqual(faults, []);
  await close();
});

test("the keyboard alone ticks strategies, compares them and reads the chart", async () => {
  const { page, close } = await small();
  await only(page, "OneBP", "Two backpropagations", "Skipping");
  await pick(page, "Skipping").focus();
  await page.keyboard.press("Space");
  for (let stop = 0; stop < 3; stop++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until(async () => (await rows(page).count()) === 2);
  await compare(page).waitFor();
  await page.getByRole("radio", { name: "epochs", exact: true }).focus();
  await page.keyboard.press("ArrowRight");
  await until(async () => (await said(page)).includes("over the pairs trained"));
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  await until(async () => (await said(page)).startsWith("recall@20"));
  const last = await said(page);
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await until(async () => (await said(page)) !== last);
  await page.keyboard.press("Tab");
  await until(async () => (await said(page)) === last);
  await close();
});

for (const name of ["light", "dark", "phone", "forced-colours"]) {
  test(`the comparison fits and is readable: ${name}`, async () => {
    const { page, faults, close } = await open(session, SCREENS[name]);
    await phase(page, "Start training");
    await type(page, "Width D", "32");
    await type(page, "Epochs", "3");
    await compared(page);
    assert.match(await said(page), /Two backpropagations 0\.\d{3}, OneBP 0\.\d{3}, CBNS 0\.\d{3}, Skipping 0\.\d{3}$/);
    // The switch shows the cost that the plan counts.
    const [plain, , bank] = await page.locator("tt-comparison-table").evaluate(({ contenders }) => contenders.map(({ runs }) => runs[0].epochs.at(-1).multiplyAdds));
    const [, told] = /about ([\d.]+) times/.exec(await page.getByText("With a bank of 512").textContent());
    assert.ok(Math.abs(bank / plain / told - 1) < 0.1, `${bank / plain} times, told as ${told}`);
    await page.screenshot({ path: drawing(`${name}-compare`), fullPage: true });
    await fits(page, SCREENS[name]);
    assert.deepEqual(faults, []);
    await close();
  });
}
