/** Tests the preview of a visitor's own file: its contents, and the correction of wrong guesses and rejected files. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { open, start } from "./browser.js";
import { ratings, titles } from "./ratings.js";
import { drawing, file, fits, main, phase, quick, SCREENS, until } from "./visit.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let session;
before(async () => (session = await start()));
after(() => session?.stop());

/** Opens the page with some files of the visitor. */
async function withFiles(files, options) {
  const visit = await open(session, options);
  await phase(visit.page, "Start training");
  await visit.page.locator("input[type=file]").setInputFiles(files);
  return { ...visit, preview: visit.page.locator("tt-data-preview") };
}

const role = (preview, column) => preview.getByLabel(`Role of column ${column} of`);
/** Returns the roles of a file's columns. */
const roles = (preview) => preview.locator("table").first().evaluate((table) =>
  [...table.querySelectorAll("select")].map((select) => select.selectedOptions[0].label));
const warned = (page) => page.locator("tt-error-note [role=status]");

/** Returns rows of ratings from 1 to 5 and of times, in a given order of columns. */
function rated(header, cells) {
  const [, ...lines] = ratings().split("\n");
  const rows = lines.map((line, n) => {
    const [user, item, time] = line.split(",");
    return cells({ user, item, time, rating: String(1 + (n % 5)) }).join(",");
  });
  return [header, ...rows].join("\n");
}

/** Returns the violations that axe-core finds in the page. */
async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations, passes } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
    return passes.length > 0 ? found : ["axe looked at nothing"];
  });
}

test("a valid file shows its roles, its first rows, its counts and its split", async () => {
  const csv = `${ratings()}\n\nu1,\n,i2,3\nbroken`;
  const { faults, preview, close } = await withFiles([file("mine.csv", csv), file("items.csv", titles())]);
  await preview.getByText(/a table separated by commas, with a header, UTF.8; \d+ lines, 2 bad, 1 blank, 1 without a user/).waitFor();
  assert.deepEqual(await roles(preview), ["user", "item", "time"]);
  const rows = preview.locator("table").first().locator("tbody tr");
  assert.equal(await rows.count(), 5);
  assert.deepEqual(await rows.first().locator("td").allTextContents(), ratings().split("\n")[1].split(","));
  await preview.getByText("contains 40 of the data’s items").waitFor();
  await preview.getByRole("list", { name: "Warnings" }).getByText("2 of").waitFor();
  await preview.getByText("Split: 20% of each user’s pairs, drawn at random, are the test part, by default.").waitFor();
  await preview.getByLabel("Test part").selectOption("temporal-global");
  await preview.getByText("so that nothing in training is later").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a wrong guess is corrected above its column, and the run trains with it", async () => {
  // No column has a known name: users and items are guessed by position, in the wrong order.
  const csv = rated("", ({ user, item, rating }) => [item, user, rating]).trim();
  const { page, faults, preview, close } = await withFiles([file("swapped.csv", csv)]);
  await page.getByText("40 users, 60 items").waitFor();
  assert.deepEqual(await roles(preview), ["user", "item", "rating"]);
  await role(preview, "1").selectOption("user");
  await page.getByText("60 users, 40 items").waitFor();
  assert.deepEqual(await roles(preview), ["item", "user", "rating"]);
  // A preset does not change it.
  await page.getByRole("radio", { name: "Fast" }).check({ force: true });
  await phase(page, "Start training");
  await quick(page, 1);
  await main(page).click();
  await phase(page, "Train again");
  await page.getByText("60 users, 40 items").waitFor();
  assert.deepEqual(await roles(preview), ["item", "user", "rating"]);
  assert.deepEqual(faults, []);
  await close();
});

test("columns that cannot be detected are chosen above the rows of the rejected file", async () => {
  const csv = rated("who,what,stars", ({ user, item, rating }) => [user, item, rating]);
  const { page, preview, close } = await withFiles([file("unclear.csv", csv)]);
  await warned(page).getByText("Choose “user” and “item” above their columns below").waitFor();
  assert.equal(await preview.locator("select.asked").count(), 3, "the fields are marked");
  await preview.getByText("choose its columns here").waitFor();
  await role(preview, "who").selectOption("user");
  await until(async () => (await roles(preview))[0] === "user");
  await role(preview, "what").selectOption("item");
  await page.getByText("60 users, 40 items").waitFor();
  await phase(page, "Start training");
  assert.deepEqual(await roles(preview), ["user", "item", "rating"]);
  assert.equal((await warned(page).textContent()).trim(), "");
  await close();
});

test("a rejected file is corrected by a field: times in a custom format", async () => {
  const day = (time) => `${String(1 + (Number(time) % 28)).padStart(2, "0")}~${String(1 + (Number(time) % 12)).padStart(2, "0")}~2014`;
  const csv = rated("user,item,timestamp", ({ user, item, time }) => [user, item, day(time)]);
  const { page, preview, close } = await withFiles([file("days.csv", csv)]);
  await page.getByText("60 users, 40 items").waitFor();
  await preview.getByLabel("Test part").selectOption("temporal");
  await warned(page).getByText("“Format of times”").waitFor();
  await phase(page, "Start training");
  await preview.getByLabel("Format of times").fill("%d~%m~%Y");
  await preview.getByLabel("Format of times").press("Tab");
  await page.getByText("60 users, 40 items").waitFor();
  await preview.getByText("because you chose a split by time").waitFor();
  assert.equal((await warned(page).textContent()).trim(), "");
  await close();
});

test("a minimum rating is suggested, and the options of a file are removed with it", async () => {
  const csv = rated("user,item,rating,timestamp", ({ user, item, rating, time }) => [user, item, rating, time]);
  const { page, faults, preview, close } = await withFiles([file("rated.csv", csv)]);
  await preview.getByText("Ratings range from 1 to 5, and all count as likes. Count only 4 and above?").waitFor();
  const train = async () => Number(/([\d,]+)\s+pairs to train on/.exec(await page.locator("tt-data-picker .summary").textContent())[1].replace(",", ""));
  const before = await train();
  await preview.getByRole("button", { name: "Count only 4 and above" }).click();
  await preview.getByText("all count as likes").waitFor({ state: "detached" });
  await phase(page, "Start training");
  const share = (await train()) / before;
  assert.ok(share > 0.3 && share < 0.5, `two of five ratings count: ${share}`);
  assert.equal(await preview.getByLabel("Lowest rating").inputValue(), "4");

  await page.getByRole("radio", { name: "Goodbooks" }).check({ force: true });
  await page.getByText("4,891 readers").waitFor();
  assert.equal(await preview.count(), 0);
  assert.equal((await warned(page).textContent()).trim(), "");
  await page.locator("input[type=file]").setInputFiles([file("rated.csv", csv)]);
  await preview.getByText("all count as likes").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

for (const name of ["light", "dark", "phone"]) {
  test(`the preview fits and is readable: ${name}`, async () => {
    const options = SCREENS[name];
    const csv = `${rated("user,item,rating,timestamp", ({ user, item, rating, time }) => [user, item, rating, time])}\nbroken`;
    const { page, preview, close } = await withFiles([file("rated.csv", csv), file("items.csv", titles())], options);
    await preview.getByText("all count as likes").waitFor();
    await (name === "phone" ? preview : page).screenshot({ path: drawing(`${name}-preview`) });
    await fits(page, options);
    assert.deepEqual(await violations(page), []);

    await page.locator("input[type=file]").setInputFiles([file("unclear.csv", csv.replace(/^.*/, "who,what,stars,when"))]);
    await warned(page).getByText("Choose “user” and “item”").waitFor();
    await role(preview, "who").waitFor();
    await (name === "phone" ? preview : page).screenshot({ path: drawing(`${name}-preview-refused`) });
    await fits(page, options);
    assert.deepEqual(await violations(page), []);
    await close();
  });
}
