/** Tests the export menu: recommendations as CSV, files for other tools, and the run as code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { blank, open, start } from "./browser.js";
import { drawing, file, fits, main, phase, quick, SCREENS } from "./visit.js";

let session;
before(async () => (session = await start()));
after(() => session?.stop());

const menu = (page) => page.locator("tt-export-menu");
const opened = (page) => page.getByText("Export recommendations, vectors and code").click();

/** Returns the file that a button downloads. */
async function taken(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), menu(page).getByRole("button", { name }).click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** Opens and trains a page on ratings with names that spreadsheets read as formulas. */
async function trained(options) {
  const visit = await open(session, options);
  const { page } = visit;
  await phase(page, "Start training");
  const users = Array.from({ length: 300 }, (_, u) => (u === 0 ? "=cmd" : `u${u}`));
  const lines = users.flatMap((user, u) => Array.from({ length: 8 }, (_, n) => `${user},i${(u * 7 + n * 3) % 30}`));
  const titles = Array.from({ length: 30 }, (_, i) => `i${i},"=1+${i}, ""quoted"""`);
  await page.locator("input[type=file]").setInputFiles([
    file("My ratings.csv", ["user,item", ...lines].join("\n")),
    file("items.csv", ["item,title", ...titles].join("\n")),
  ]);
  await page.getByText("300 users, 30 items").waitFor();
  await quick(page, 1);
  await phase(page, "Start training");
  await opened(page);
  await menu(page).getByText("Train the model for at least one epoch first").waitFor();
  assert.ok(await menu(page).getByRole("button", { name: "Download CSV" }).isDisabled());
  await main(page).click();
  await phase(page, "Train again");
  return visit;
}

/** Returns the records of a CSV file. */
function records(text) {
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, 5).map(([, cell]) => cell.replace(/^"|"$/g, "").replaceAll('""', '"')));
}

test("recommendations and files are saved under names that contain the data set and the day", async () => {
  const { page, faults, close } = await trained();
  await page.evaluate(() => {
    const { revokeObjectURL } = URL;
    globalThis.revoked = 0;
    URL.revokeObjectURL = (url) => {
      globalThis.revoked++;
      revokeObjectURL.call(URL, url);
    };
  });
  await menu(page).getByRole("spinbutton", { name: "Length of a list" }).fill("3");
  const all = await taken(page, "Download CSV");
  assert.match(all.name, /^my-ratings-\d{4}-\d\d-\d\d-recommendations\.csv$/);
  const [header, ...rows] = records(all.bytes.toString());
  assert.deepEqual(header, ["user", "rank", "item", "title", "score"]);
  assert.equal(rows.length, 300 * 3);
  assert.deepEqual(new Set(rows.map(([, rank]) => rank)), new Set(["1", "2", "3"]));
  assert.ok(rows.some(([user]) => user === "'=cmd") && rows.every(([user]) => user !== "=cmd"), "no id is a formula");
  for (const [, , item, title, score] of rows) {
    assert.equal(title, `'=1+${item.slice(1)}, "quoted"`);
    assert.ok(Number.isFinite(Number(score)) && score !== "");
  }
  await menu(page).getByText("Saved the lists of 300 users.").waitFor();

  await menu(page).getByRole("radio", { name: "Some users" }).check();
  await menu(page).getByRole("textbox", { name: "Ids, one per line" }).fill("u5\n=cmd\nnobody\n");
  const some = records((await taken(page, "Download CSV")).bytes.toString()).slice(1);
  assert.deepEqual([...new Set(some.map(([user]) => user))], ["u5", "'=cmd"]);
  assert.deepEqual(some.filter(([user]) => user === "u5"), rows.filter(([user]) => user === "u5"), "the same lists");
  await menu(page).getByText("Skipped 1 without training data").waitFor();
  await menu(page).getByRole("textbox", { name: "Ids, one per line" }).fill("nobody");
  await menu(page).getByRole("button", { name: "Download CSV" }).click();
  await menu(page).getByText("The training data contains no such user.").waitFor();

  const starts = { "users.npy": "\x93NUMPY", "ids.json": '{"users"', "embeddings.safetensors": "", "vectors.tsv": "", "metadata.tsv": "item\ttitle", "items.json": '{"normalized"', "item_tower.onnx": "" };
  for (const [name, start] of Object.entries(starts)) {
    const saved = await taken(page, name);
    assert.match(saved.name, new RegExp(`^my-ratings-\\d{4}-\\d\\d-\\d\\d-${name}$`));
    assert.ok(saved.bytes.length > 100 && saved.bytes.toString("latin1").startsWith(start), name);
  }
  assert.equal(await page.evaluate(() => globalThis.revoked), 0, "addresses outlive the click");
  assert.deepEqual(faults, []);
  await close();
});

test("the run as code trains to the same metrics", async () => {
  const { page, faults, close } = await open(session, { path: "#dataset=goodbooks" });
  await phase(page, "Start training");
  await quick(page, 1);
  await page.getByRole("radio", { name: "CPU", exact: true }).check({ force: true });
  await page.getByRole("switch", { name: "OneBP" }).check({ force: true });
  await phase(page, "Start training");
  await main(page).click();
  await phase(page, "Train again");
  await opened(page);
  const script = await menu(page).getByRole("region", { name: "JavaScript" }).textContent();
  const command = await menu(page).getByRole("region", { name: "Command line" }).textContent();
  assert.match(command, /^cargo xtask train --dataset goodbooks --set dim=8 .*--set onebp\.beta=.* --backend cpu$/);
  const row = await page.locator("tt-epoch-table tbody tr").first().textContent();
  await close();

  const other = await blank(session);
  await other.page.route("https://cdn.jsdelivr.net/**", async (route) => {
    const path = new URL(route.request().url()).pathname.replace(/^.*\/dist\//, "");
    await route.fulfill({ response: await route.fetch({ url: new URL(path, session.url).href }), headers: { "access-control-allow-origin": "*" } });
  });
  await other.page.route("**/run.js", (route) => route.fulfill({ contentType: "text/javascript", body: script.replace('"twotower"', '"./twotower.js"') }));
  const logged = await other.page.evaluate(async () => {
    const logged = [];
    console.log = (value) => logged.push(value);
    await import("./run.js");
    return logged;
  });
  const [epoch, list] = logged;
  assert.equal(logged.length, 2, "an epoch and a list");
  assert.equal(list.length, 10);
  for (const value of [epoch["recall@20"], epoch["ndcg@20"]]) assert.ok(row.includes(value.toFixed(3)), `${value} is not in ${row}`);
  assert.deepEqual([faults, other.faults.filter((fault) => !fault.includes("cdn.jsdelivr.net"))], [[], []]);
  await other.close();
});

for (const [name, options] of Object.entries(SCREENS).filter(([name]) => ["light", "dark", "phone"].includes(name))) {
  test(`the menu fits and is readable: ${name}`, async () => {
    const { page, faults, close } = await trained(options);
    await menu(page).getByRole("radio", { name: "Some users" }).check();
    await menu(page).scrollIntoViewIfNeeded();
    await page.screenshot({ path: drawing(`export-${name}`), fullPage: true });
    await fits(page, options);
    assert.deepEqual(faults, []);
    await close();
  });
}
