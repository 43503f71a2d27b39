/** Tests the demo page as visitors use it: by pointer, by keyboard alone, with their own files, on every screen. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { open, sabotage, start } from "./browser.js";
import { ratings, titles } from "./ratings.js";
import { drawing, file, fits, main, phase, quick, SCREENS, until } from "./visit.js";

let session;
before(async () => (session = await start()));
after(() => session?.stop());

const list = (page, heading) => page.locator("tt-ask-panel section", { has: page.getByRole("heading", { name: heading }) });

test("the page opens the books, trains at a press, pauses, resumes, and starts over", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.getByText("4,891 readers").waitFor();
  assert.ok(await page.getByRole("radio", { name: "Goodbooks" }).isChecked());
  await page.getByText("The model is not trained yet").waitFor();
  await quick(page, 3);
  await main(page).click();
  await phase(page, "Pause");
  await page.getByText(/Epoch 1 of 3, step \d/).waitFor();
  await main(page).click();
  await phase(page, "Resume");
  await page.waitForTimeout(1000);
  const stood = await page.locator("tt-run-controls .progress span").textContent();
  await page.waitForTimeout(400);
  assert.equal(await page.locator("tt-run-controls .progress span").textContent(), stood, "a paused run does not train");
  assert.match(stood, /paused/);
  assert.match(stood, /epoch [123] /i);
  assert.match(await page.locator("tt-line-chart header").first().textContent(), /softmax\s+\d\.\d{3}/, "the loss is updated");
  await main(page).click();
  await phase(page, "Train again");
  await page.getByText("Answers after 3 epochs").waitFor();
  assert.match(await page.locator("tt-run-controls .backend").textContent(), /CPU\s+because .+/);

  const metrics = page.getByRole("img", { name: /^Test metrics/ });
  assert.match(await metrics.getAttribute("aria-label"), /recall@20 0\.\d{3}, NDCG@20 0\.\d{3}/);
  assert.match(await metrics.getAttribute("aria-label"), /; popularity recall@20 0\.\d{3}, popularity NDCG@20 0\.\d{3}$/, "baselines are spoken, too");
  assert.match(await page.locator("tt-line-chart header").nth(1).textContent(), /popularity\s+0\.\d{3}/);
  const chart = page.locator("tt-line-chart").nth(1);
  await metrics.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await chart.getByRole("status").getByText(/^epoch 1: recall@20 0\.\d{3}, NDCG@20 0\.\d{3}$/).waitFor({ state: "attached" });
  await chart.getByRole("heading", { name: "Test metrics epoch 1" }).waitFor();
  assert.match(await metrics.getAttribute("aria-label"), /^Test metrics over the epochs: epoch 1: recall@20 /);
  await page.getByText("Every epoch as a table").click();
  assert.equal(await page.locator("tt-epoch-table tbody tr").count(), 4, "three epochs and popularity");

  await page.getByRole("button", { name: "Reset" }).focus();
  await page.keyboard.press("Enter");
  await phase(page, "Start training");
  assert.ok(await main(page).evaluate((button) => button.matches(":focus")), "the focus moves on from the disabled button");
  assert.equal(await page.locator("tt-epoch-table tbody tr").count(), 0);
  assert.deepEqual(faults, []);
  await close();
});

test("nothing moves while the page loads", async () => {
  const { page, close } = await open(session, { prepare: (page) => page.addInitScript(watchShifts) });
  await phase(page, "Start training");
  await page.locator("tt-ask-panel section.recommended tt-item-list button").nth(9).waitFor();
  const moved = await page.evaluate(() => globalThis.moved.reduce((sum, shift) => sum + shift, 0));
  assert.ok(moved < 0.02, `layout shift ${moved}`);
  await close();
});

/** Records layout shifts. Runs in the page. */
function watchShifts() {
  globalThis.moved = [];
  const shifts = new PerformanceObserver((list) => globalThis.moved.push(...list.getEntries().map(({ value }) => value)));
  shifts.observe({ type: "layout-shift", buffered: true });
}

for (const width of [1280, 320]) {
  test(`long and right-to-left titles do not break the layout: ${width} px`, async () => {
    const { page, faults, close } = await open(session, { viewport: { width, height: 860 } });
    await phase(page, "Start training");
    const long = (ix) => [`${"x".repeat(10_000)}${ix}`, `live \u202Ereversed ${ix}`, `عنوان ${ix} ${"a long title ".repeat(20)}`][ix % 3];
    const items = [...new Set(ratings().split("\n").slice(1).map((line) => line.split(",")[1]))];
    const table = ["item,title", ...items.map((id, ix) => `${id},${long(ix)}`)].join("\n");
    await page.locator("input[type=file]").setInputFiles([file(`${"r".repeat(200)}.csv`, ratings()), file("items.csv", table)]);
    await page.getByText("60 users, 40 items").waitFor();
    await quick(page, 1);
    await main(page).click();
    await phase(page, "Train again");
    await page.getByRole("radio", { name: "Someone who likes" }).check({ force: true });
    for (const [nth, text] of ["xxx", "live", "long"].entries()) {
      await page.locator("tt-ask-panel tt-search-box").getByRole("combobox").fill(text);
      await page.locator("tt-ask-panel tt-search-box").getByRole("option").first().click();
      await page.getByRole("button", { name: /^Remove/ }).nth(nth).waitFor();
    }
    const shown = page.locator("tt-ask-panel section.recommended tt-item-list");
    await shown.getByRole("button").nth(9).waitFor();
    assert.ok((await shown.boundingBox()).height < 2500, "titles take a few lines");
    for (const chip of await page.getByRole("button", { name: /^Remove/ }).all()) assert.ok((await chip.boundingBox()).height < 70);
    const isolated = await shown.locator(".title, .because").evaluateAll((texts) => texts.every((text) => text.querySelector("bdi")));
    assert.ok(isolated, "no title changes the direction of its surroundings");
    // Reasons are shown in full for the chosen item.
    const reason = shown.locator("button", { hasText: " and " }).first();
    const short = (await reason.locator(".because").textContent()).length;
    await reason.click();
    await page.getByRole("heading", { name: /^Similar to/ }).waitFor();
    if (width > 600) await shown.locator("[aria-pressed=true]").waitFor();
    assert.ok(short < 150, "there is room for two reasons");
    await page.screenshot({ path: drawing(`titles-${width}`), fullPage: true });
    await fits(page, {});
    assert.deepEqual(faults, []);
    await close();
  });
}

test("a trained model recommends to a customer and to a visitor, and shows similar items", async () => {
  const { page, faults, close } = await open(session, { path: "#dataset=online-retail" });
  await phase(page, "Start training");
  await quick(page, 2);
  await main(page).click();
  await phase(page, "Train again");

  assert.ok((await list(page, "Bought before").getByRole("button").count()) > 0, "the panel opens on a customer with a history");
  await page.locator("tt-ask-panel tt-search-box").getByRole("combobox").fill("1785");
  await page.locator("tt-ask-panel tt-search-box").getByRole("option", { name: "17850" }).click();
  await page.getByText("customer 17850").waitFor();
  const recommended = list(page, "Recommended").getByRole("button");
  assert.equal(await recommended.count(), 10);
  const had = await list(page, "Bought before").getByRole("button").allTextContents();
  const first = (await recommended.first().locator(".title").textContent()).trim();
  assert.ok(!had.map((title) => title.trim()).includes(first));
  await recommended.first().click();
  await page.getByRole("heading", { name: `Similar to ${first}` }).waitFor();
  await list(page, "Similar to").getByRole("button").nth(9).waitFor();

  await page.getByRole("radio", { name: "Someone who likes" }).check({ force: true });
  for (const title of ["Retrospot Cake", "Retrospot Tea"]) {
    await page.locator("tt-ask-panel tt-search-box").getByRole("combobox").fill(title);
    await page.locator("tt-ask-panel tt-search-box").getByRole("option").first().click();
  }
  await page.getByRole("button", { name: /^Remove/ }).nth(1).waitFor();
  assert.equal(await recommended.count(), 10);
  await page.getByRole("button", { name: /^Remove/ }).first().click();
  assert.equal(await page.getByRole("button", { name: /^Remove/ }).count(), 1);
  assert.deepEqual(faults, []);
  await close();
});

/** A duration as the page writes it. */
function seconds(text) {
  const [, minutes, rest] = /about (?:(\d+) min )?(\d+) s/.exec(text);
  return 60 * Number(minutes ?? 0) + Number(rest);
}

test("a preset sets its options, and tuning shows its trials and its choice", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  const preset = (name) => page.getByRole("radio", { name });
  const width = page.getByRole("spinbutton", { name: "Width D" });
  assert.ok(await preset("Balanced").isChecked(), "the page opens with the default preset");
  const cost = page.locator("tt-run-settings .cost");
  const told = seconds(await cost.textContent());
  await preset("Best").check({ force: true });
  await phase(page, "Start training");
  assert.equal(await width.inputValue(), "256");
  assert.equal(await cost.textContent(), "");
  await until(() => page.locator("tt-run-controls").evaluate(({ about, opening }) => !opening && about.config.dim === 256));
  const left = seconds(await page.locator("tt-run-controls dd", { hasText: "about" }).textContent());
  assert.ok(told > 60 && Math.abs(told - left) < 0.02 * left, `${told} s were told, and it is ${left} s`);
  assert.ok(await page.getByRole("switch", { name: "Tuning" }).isChecked());
  await page.screenshot({ path: drawing("light-preset"), fullPage: true });
  // A trial of this many epochs is long enough to be seen.
  await quick(page, 6);
  assert.ok(!(await preset("Best").isChecked()), "other settings match no preset");
  await page.getByRole("textbox", { name: "Temperatures" }).fill("0.2, 0.5");
  await main(page).click();
  await page.getByText(/Trying temperature 0\.2, 1 of 2: epoch \d of at most 6/).waitFor();
  await phase(page, "Train again");
  await page.getByText("with temperature 0.").waitFor();
  await preset("Fast").check({ force: true });
  await page.getByText("take effect at the next reset").waitFor();
  assert.equal(await width.inputValue(), "32");
  assert.deepEqual(faults, []);
  await close();
});

test("towers take histories and features of the items", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await quick(page, 1);
  for (const name of ["Users as histories", "Features of items"]) {
    await page.getByRole("switch", { name }).check({ force: true });
  }
  await phase(page, "Start training");
  await main(page).click();
  await phase(page, "Train again");
  await page.getByText("Answers after 1 epoch").waitFor();
  await page.getByRole("textbox", { name: "Columns" }).fill("colour");
  await page.getByRole("textbox", { name: "Columns" }).blur();
  await page.getByRole("button", { name: "Reset" }).click();
  await page.locator("tt-error-note").getByText("colour").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a visitor's own file is read, and its bad lines are shown", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  const one = page.locator("input[type=file]");
  await one.setInputFiles([file("mine.csv", `${ratings()}\nbroken`), file("items.csv", titles())]);
  await page.getByText("60 users, 40 items").waitFor();
  await page.getByText("1 bad line skipped").click();
  await page.getByText(/^mine\.csv, line \d+: /).waitFor();
  await page.getByLabel("Test part").selectOption("leave-last-out");
  await page.getByText("60 to test").waitFor();
  await main(page).click();
  await phase(page, "Train again");
  await page.locator("tt-ask-panel section").getByText("Title of").first().waitFor();
  await page.getByRole("radio", { name: "Goodbooks" }).check({ force: true });
  await page.getByText("4,891 readers").waitFor();
  await page.getByRole("radio", { name: "mine.csv" }).check({ force: true });
  await page.getByText("60 users, 40 items").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a dropped file is opened; an unusable one is rejected with its lines", async () => {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  const drop = (name, text) =>
    page.evaluate(
      ([name, text]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], name));
        for (const type of ["dragover", "drop"]) {
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
      },
      [name, text],
    );
  await drop("prose.txt", "user,item\nIt was\nthe best\n,of\ntimes,\n");
  const note = page.locator("tt-error-note [role=status]");
  await note.getByText(/prose\.txt: .*\n.*line \d/).waitFor();
  await page.locator("tt-data-preview").getByText("prose.txt").waitFor();
  assert.ok(await page.getByRole("radio", { name: "Goodbooks" }).isChecked(), "the current data stays");
  await phase(page, "Start training");
  await page.getByRole("button", { name: "Dismiss" }).click();
  assert.equal((await note.textContent()).trim(), "");
  assert.equal(await page.locator("tt-data-preview").count(), 0);
  await drop("mine.tsv", ratings().replaceAll(",", "\t"));
  await page.getByText("60 users, 40 items").waitFor();
  assert.equal((await note.textContent()).trim(), "");
  await page.locator("input[type=file]").setInputFiles([file("a.csv", "x"), file("b.csv", "y")]);
  await note.getByText("a.csv, b.csv: give one file").waitFor();
  await close();
});

test("an unavailable backend is rejected with a sentence, and another one can be chosen", async () => {
  const { page, close } = await open(session, { path: session.url.replace("127.0.0.1", "insecure.test") });
  await phase(page, "Start training");
  await page.getByRole("radio", { name: "WebGPU" }).check({ force: true });
  await page.locator("tt-error-note").getByText("secure context").waitFor();
  await page.getByRole("radio", { name: "CPU" }).check({ force: true });
  await phase(page, "Start training");
  assert.equal((await page.locator("tt-error-note [role=status]").textContent()).trim(), "");
  await close();
});

test("a run whose worker breaks shows an error and can be tried again", async () => {
  const broken = 'addEventListener("message", ({ data }) => { if (data.argumentList?.[1]?.value === "advance") throw new Error("broken"); });';
  const { page, close } = await open(session, { prepare: (page) => sabotage(page, broken, 1) });
  await phase(page, "Start training");
  await quick(page, 1);
  await main(page).click();
  await phase(page, "Try again");
  await page.locator("tt-error-note").getByText("broken").waitFor();
  await page.getByRole("radio", { name: "Someone who likes" }).check({ force: true });
  await page.locator("tt-ask-panel tt-search-box").getByRole("combobox").fill("cake");
  await page.locator("tt-ask-panel [role=status]").getByText("broken").waitFor();
  await main(page).click();
  await phase(page, "Start training");
  assert.equal((await page.locator("tt-error-note [role=status]").textContent()).trim(), "");
  await main(page).click();
  await phase(page, "Train again");
  await close();
});

test("a trainer that cannot be loaded shows an error and can be tried again", async () => {
  const missing = (page) => page.route("**/*.wasm", (route) => route.fulfill({ status: 404 }), { times: 1 });
  const { page, close } = await open(session, { prepare: missing });
  await page.locator("tt-error-note").getByText("the server answered 404 for the compiled trainer").waitFor();
  await main(page).click();
  await phase(page, "Start training");
  await page.getByLabel("Batch size").waitFor();
  await close();
});

test("settings can be changed if the first data cannot be opened", async () => {
  const missing = (page) => page.route("**/train.csv.gz", (route) => route.fulfill({ status: 404 }), { times: 1 });
  const { page, close } = await open(session, { prepare: missing });
  await page.locator("tt-error-note").getByText("the server answered 404").waitFor();
  await phase(page, "Try again");
  await quick(page, 1);
  await phase(page, "Start training");
  assert.equal(await page.getByRole("spinbutton", { name: "Width D" }).inputValue(), "8");
  await close();
});

test("the validation part selects the epoch, and the test part measures it", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  const [head, ...lines] = ratings().split("\n");
  const part = (name, keep) => file(name, [head, ...lines.filter((_, ix) => keep(ix % 10))].join("\n"));
  const parts = [part("train.csv", (n) => n > 1), part("valid.csv", (n) => n === 1), part("test.csv", (n) => n === 0)];
  await page.locator("input[type=file]").setInputFiles(parts);
  await page.getByText(/pairs to train on,\s+\d+ to validate, \d+ to test/).waitFor();
  await quick(page, 4);
  await main(page).click();
  await phase(page, "Train again");
  await page.getByRole("img", { name: /^Validation metrics/ }).waitFor();
  await page.getByText(/Epoch [1-4] was the best and is kept\. On the test part: recall@20 \d\.\d{3} \(popularity \d\.\d{3}\), NDCG@20\s+\d\.\d{3}/).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test("a step is profiled during the run, until the run is over", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.getByText("Profile of a training step").click();
  const measure = page.getByRole("button", { name: "Measure" });
  assert.ok(await measure.isDisabled(), "no run has begun");
  const rows = page.locator("tt-step-profile tbody tr:not(.kernel)");
  await page.getByText("WebGPU", { exact: true }).click();
  await page.locator("tt-run-controls .backend", { hasText: "it was requested" }).waitFor();
  await main(page).click();
  await phase(page, "Pause");
  await measure.click();
  await rows.first().waitFor();
  const told = await page.locator("tt-step-profile details").innerText();
  assert.match(told, /Mean of \d+ steps? of this run: [\d.]+ ms per step/);
  assert.match(told, /softmax_loss → d_item\s+[\d.]+ ms\s+step/);
  assert.match(told, /softmax_loss_logits\s+[\d.]+ ms/, "and each of its kernels");

  await page.getByRole("button", { name: "Reset" }).click();
  await rows.first().waitFor({ state: "detached" });
  await page.getByText("Profile of a training step").click();
  await page.getByText("CPU", { exact: true }).click();
  await quick(page, 30);
  await main(page).click();
  await phase(page, "Pause");
  await page.getByText("Profile of a training step").click();
  await rows.first().waitFor();
  assert.equal(await page.locator("tt-step-profile .kernel").count(), 0, "the CPU has no kernels");
  await phase(page, "Train again");
  assert.ok(await measure.isDisabled());
  assert.deepEqual(faults, []);
  await close();
});

test("another seed draws another test part of a file, but keeps a given one", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.getByLabel("Seed").fill("1");
  await page.getByLabel("Seed").press("Tab");
  await phase(page, "Start training");
  assert.deepEqual(requests.filter((url) => url.endsWith(".csv.gz")), [], "the given data is read again");

  await page.locator("input[type=file]").setInputFiles([file("mine.csv", ratings())]);
  await page.getByText("60 users, 40 items").waitFor();
  const history = async () => (await list(page, "History").locator(".title").allTextContents()).join();
  const first = list(page, "History").locator(".title").first();
  await first.waitFor();
  const before = await history();
  await page.getByLabel("Seed").fill("2");
  await page.getByLabel("Seed").press("Tab");
  await until(async () => !["", before].includes(await history()));

  await quick(page, 1);
  await page.getByLabel("Seed").fill("3");
  // As slow as a hand: the press commits the seed, and the file is read again before the release.
  await main(page).click({ delay: 100 });
  await phase(page, "Train again");
  assert.equal(await page.locator("tt-epoch-table tbody tr").count(), 2, "one epoch and popularity");
  assert.deepEqual(faults, []);
  await close();
});

test("a reset within the first epoch returns to the fresh model's answers", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.getByLabel("Batch size").fill("2");
  await page.getByLabel("Batch size").press("Tab");
  const recommended = async () => (await list(page, "Recommended").getByRole("button").allTextContents()).join();
  await list(page, "Recommended").getByRole("button").nth(9).waitFor();
  const [fresh, noted] = [await recommended(), await page.getByText(/^reader \d+,/).textContent()];

  await main(page).click();
  await page.getByText(/Epoch 1 of \d+, step [\d,]{3}/).waitFor();
  await main(page).click();
  await phase(page, "Resume");
  await page.locator("tt-ask-panel tt-search-box").getByRole("combobox").fill(/\d+/.exec(noted)[0]);
  await page.locator("tt-ask-panel tt-search-box").getByRole("option").first().click();
  await until(async () => ![fresh, ""].includes(await recommended()));
  await page.getByText(/Epoch 1 of \d+, step .*, paused/).waitFor();
  await page.getByRole("button", { name: "Reset" }).click();
  await phase(page, "Start training");
  await until(async () => (await recommended()) === fresh);
  assert.deepEqual(faults, []);
  await close();
});

test("a choice before the first answers arrive stays", async () => {
  const { page, close } = await open(session);
  await page.evaluate(() => {
    const [users, late] = [Promise.withResolvers(), Promise.withResolvers()];
    const titled = (item) => ({ item, title: null });
    const panel = document.createElement("tt-ask-panel");
    panel.trainer = {
      users: () => users.promise,
      history: (user) => (user === "late" ? late.promise : Promise.resolve([titled(`of ${user}`)])),
      recommend: () => Promise.resolve([]),
    };
    document.body.append(panel);
    window.answer = { users: () => users.resolve(["first"]), late: () => late.resolve([titled("of late")]) };
  });
  const panel = page.locator("body > tt-ask-panel");
  const visitor = panel.getByRole("radio", { name: "Someone who likes" });
  await panel.getByText("Someone who likes").click();
  await page.evaluate(() => window.answer.users());
  await page.waitForTimeout(100);
  assert.ok(await visitor.isChecked());

  await panel.getByText("of the data").click();
  await panel.getByText("of first").waitFor();
  const turnTo = (id) =>
    panel.locator("tt-search-box").evaluate((box, id) => box.dispatchEvent(new CustomEvent("pick", { detail: { id, label: id } })), id);
  await turnTo("late");
  await turnTo("second");
  await panel.getByText("of second").waitFor();
  await page.evaluate(() => window.answer.late());
  await page.waitForTimeout(100);
  assert.equal(await panel.getByText("of late").count(), 0);
  await close();
});

test("the error of rejected files is removed at the visitor's next action", async () => {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  const note = page.locator("tt-error-note [role=status]");
  await page.locator("input[type=file]").setInputFiles([file("a.csv", "x"), file("b.csv", "y")]);
  await note.getByText("give one file").waitFor();
  await main(page).click();
  await phase(page, "Pause");
  assert.equal((await note.textContent()).trim(), "");
  await close();
});

test("a page element that is removed ends its worker", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  assert.equal(page.workers().length, 1);
  await page.evaluate(() => document.querySelector("demo-page").remove());
  await until(() => page.workers().length === 0);
  assert.deepEqual(faults, []);
  await close();
});

test("a value out of bounds is marked and not applied", async () => {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  const width = page.getByLabel("Width D");
  await width.fill("0");
  await width.press("Tab");
  assert.equal(await width.evaluate((input) => input.validity.rangeUnderflow), true);
  await main(page).click();
  await phase(page, "Pause");
  assert.equal(await page.locator("tt-error-note [role=status]").textContent().then((text) => text.trim()), "");
  await close();
});

test("the keyboard alone suffices, and the focus is visible", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  /** Returns the element that has the focus, through all shadow roots. */
  const focused = () =>
    page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      const seen = (one) => one && getComputedStyle(one).outlineStyle !== "none";
      const label = element.closest("label")?.textContent ?? "";
      const name = element.getAttribute("aria-label") ?? (label || element.textContent);
      return { name: name.replace(/\s+/g, " ").trim(), seen: Boolean(seen(element) || seen(element.nextElementSibling)) };
    });
  const unseen = [];
  const tabTo = async (name) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      const at = await focused();
      if (!at.seen) unseen.push(at.name);
      if (at.name.startsWith(name)) return;
    }
    assert.fail(`${name} is out of the keyboard's reach`);
  };
  await tabTo("Goodbooks");
  await page.keyboard.press("ArrowDown");
  await page.getByText("4,071 customers").waitFor();
  await page.keyboard.press("ArrowUp");
  await page.getByText("4,891 readers").waitFor();
  await phase(page, "Start training");
  await tabTo("Start training");
  await page.keyboard.press("Shift+Tab");
  await tabTo("Epochs");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("2");
  await tabTo("Batch size");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("128");
  await tabTo("Auto");
  await page.keyboard.press("ArrowLeft");
  await phase(page, "Start training");
  await main(page).focus();
  await page.keyboard.press("Enter");
  await phase(page, "Train again");
  await tabTo("A reader of the data");
  await page.keyboard.press("ArrowRight");
  await tabTo("Find a book");
  // At once, while the search is running.
  await page.keyboard.type("potter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Remove .*Potter/ }).waitFor();
  await page.locator("tt-ask-panel section.front tt-item-list button").nth(9).waitFor();
  await page.keyboard.type("the");
  await page.locator("tt-ask-panel tt-search-box").getByRole("option").nth(9).waitFor();
  await page.keyboard.press("Tab");
  assert.match((await focused()).name, /^Remove/, "the open list is not a stop of the Tab key");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Similar to/ }).waitFor();
  assert.deepEqual(unseen, []);
  assert.deepEqual(faults, []);
  await close();
});

for (const [name, options] of Object.entries(SCREENS)) {
  test(`the page fits and is readable: ${name}`, async () => {
    const { page, faults, close } = await open(session, options);
    await phase(page, "Start training");
    await quick(page, 20);
    await main(page).click();
    await phase(page, "Pause");
    await page.getByText("Profile of a training step").click();
    await page.locator("tt-step-profile tbody").first().waitFor();
    await page.getByText("Answers after").waitFor({ timeout: 60_000 });
    await page.screenshot({ path: drawing(`${name}-training`) });
    await phase(page, "Train again");
    await page.locator("tt-ask-panel section.front tt-item-list button").nth(1).click();
    await page.getByRole("heading", { name: /^Similar to/ }).waitFor();
    await page.screenshot({ path: drawing(name), fullPage: true });
    await fits(page, options);
    const looks = await page.evaluate(looksOf);
    assert.equal(looks.dark, options.colorScheme === "dark");
    assert.equal(looks.moves, options.reducedMotion !== "reduce");
    assert.equal(looks.outlined, options.forcedColors === "active");
    assert.deepEqual(faults, []);
    await close();
  });
}

/** Returns the styles that a screen's preferences change. Runs in the page. */
function looksOf() {
  const inside = (element, name) => element.shadowRoot.querySelector(name);
  const page = document.querySelector("demo-page");
  const button = getComputedStyle(inside(inside(page, "tt-run-controls"), ".button"));
  const chosen = getComputedStyle(inside(inside(inside(page, "tt-run-settings"), "tt-choice-bar[label=Backend]"), ":checked + span"));
  const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  return {
    dark: red < 64,
    moves: button.transitionProperty !== "none" && button.transitionDuration !== "0s",
    outlined: chosen.outlineStyle === "solid",
  };
}

/** Returns whether the page would ask before it is left. */
const asksToStay = (page) => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));

/** Returns the description of the first past run. */
const firstPast = (page) => page.locator("tt-past-runs li").first().locator(".told").textContent();

test("a trained run is kept and resumes after a reload, with its curve, its words and its epochs", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.getByRole("radio", { name: "Online retail" }).check({ force: true });
  await page.getByText("4,071 customers").waitFor();
  const keep = page.getByRole("button", { name: "Keep this model" });
  assert.ok(await keep.isDisabled(), "there is no run to keep yet");
  // Enough epochs to be seen.
  await quick(page, 12);
  await main(page).click();
  await page.getByText(/Answers after \d+ epochs?\./).waitFor();
  await main(page).click();
  await phase(page, "Resume");
  await until(async () => /of 12 epochs/.test(await firstPast(page)));
  await page.getByRole("textbox", { name: "Name of the run" }).fill("The first one");
  await page.getByRole("textbox", { name: "Name of the run" }).press("Enter");
  await keep.click();
  await page.getByText("Kept in this browser").waitFor();
  await page.waitForTimeout(1000);
  await until(async () => (await page.locator("tt-past-runs").evaluate(({ isKept }) => isKept)) === true);
  assert.ok(!(await asksToStay(page)), "a kept run does not stop the visitor from leaving");
  const pairs = () => page.locator("tt-run-controls").evaluate(({ progress }) => progress.pairs);
  const stood = await pairs();
  const points = await page.locator("tt-run-charts").evaluate(({ loss }) => loss);

  await page.reload();
  await phase(page, "Start training");
  await page.getByRole("button", { name: "Open The first one" }).click();
  await phase(page, "Resume");
  await page.getByText("4,071 customers").waitFor();
  assert.ok((await pairs()) >= stood, "the run is where it was, except for steps that were running");
  assert.deepEqual(await page.locator("tt-run-charts").evaluate(({ loss }) => loss), points);
  assert.ok((await page.locator("tt-epoch-table tbody tr").count()) > 1, "its epochs are there");
  assert.equal(await page.getByRole("spinbutton", { name: "Width D" }).inputValue(), "8", "and its settings");
  await main(page).click();
  await phase(page, "Train again");
  assert.equal(await page.locator("tt-epoch-table tbody tr").count(), 13, "twelve epochs and popularity");
  const { epochs } = await page.locator("tt-run-charts").evaluate(({ loss }) => loss);
  assert.deepEqual(epochs, epochs.toSorted((a, b) => a - b), "the curve runs forward");
  assert.ok(Math.abs(epochs.at(-1) - 12) < 0.1, `it ends at ${epochs.at(-1)} of 12`);

  // Both runs are listed and can be compared; a reset loses neither.
  await until(async () => (await page.locator("tt-past-runs li").count()) === 2);
  await page.getByRole("button", { name: "Reset" }).click();
  await phase(page, "Start training");
  for (const box of await page.locator("tt-past-runs [type=checkbox]").all()) await box.check();
  await page.locator("tt-run-pair").getByRole("row", { name: /^NDCG@20/ }).waitFor();
  await page.screenshot({ path: drawing("light-past-runs"), fullPage: true });
  await page.getByRole("button", { name: "Delete The first one" }).first().click();
  await page.getByRole("button", { name: "Delete The first one for good" }).click();
  await until(async () => (await page.locator("tt-past-runs li").count()) === 1);
  assert.equal(await page.locator("tt-run-pair").count(), 0);
  assert.deepEqual(faults, []);
  await close();
});

test("a wrong file, a wrong setting and another data set keep the trained run", async () => {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  await quick(page, 2);
  await main(page).click();
  await phase(page, "Train again");
  const told = await page.locator("tt-epoch-table").textContent();
  const popularity = () => page.locator("tt-epoch-table").evaluate((table) => table.popularity["recall@20"]);
  const [ofBooks, note] = [await popularity(), page.locator("tt-error-note [role=status]")];
  await page.locator("input[type=file]").setInputFiles([file("picture.png", "\x89PNG\r\n\x1a\n\0\0\0")]);
  await note.getByText("picture.png").waitFor();
  await phase(page, "Train again");
  assert.equal(await page.locator("tt-epoch-table").textContent(), told);
  await page.getByRole("heading", { name: "Ask the model" }).waitFor();

  await page.getByRole("switch", { name: "Tuning" }).check({ force: true });
  await page.getByRole("textbox", { name: "Temperatures" }).fill("0.1, banana");
  await page.getByRole("textbox", { name: "Temperatures" }).press("Tab");
  assert.ok(await page.getByRole("textbox", { name: "Temperatures" }).evaluate((input) => input.validity.customError));
  await page.getByRole("textbox", { name: "Temperatures" }).fill("0.1, 0.1");
  await page.getByRole("textbox", { name: "Temperatures" }).press("Tab");
  await page.getByRole("button", { name: "Reset" }).click();
  await note.getByText("0.1 is listed twice").waitFor();
  await page.locator("tt-option-field").getByText("0.1 is listed twice").waitFor();
  await phase(page, "Train again");
  assert.equal(await page.locator("tt-epoch-table").textContent(), told);

  await page.getByRole("switch", { name: "Tuning" }).uncheck({ force: true });
  let letGo;
  const [held, asked] = [new Promise((resolve) => (letGo = resolve)), []];
  await page.route("**/online-retail/*.gz", async (route) => {
    asked.push(route.request().url());
    await held;
    await route.continue();
  });
  await page.getByRole("radio", { name: "Online retail" }).check({ force: true });
  await page.getByText("Reading the data").waitFor();
  await until(() => asked.length > 0);
  assert.equal(await popularity(), ofBooks, "the baseline stays with the model while other data is read");
  letGo();
  await page.getByText("4,071 customers").waitFor();
  assert.equal(new Set(asked).size, asked.length, "a data set is opened once");
  assert.notEqual(await popularity(), ofBooks, "and changes with it");
  await page.getByRole("button", { name: /^Open Goodbooks/ }).click();
  await page.getByText("4,891 readers").waitFor();
  assert.equal(await popularity(), ofBooks);
  assert.equal(await page.locator("tt-epoch-table").textContent(), told);
  await close();
});

test("settings that cannot be combined are disabled, with the reason", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  const toggle = (name) => page.getByRole("switch", { name });
  await toggle("OneBP").check({ force: true });
  assert.ok(await toggle("Users as histories").isDisabled());
  await page.getByText("Switch off OneBP first").waitFor();
  await page.screenshot({ path: drawing("light-barred"), fullPage: true });
  await toggle("OneBP").uncheck({ force: true });
  await toggle("CBNS").check({ force: true });
  assert.deepEqual(await page.getByLabel("Negatives").evaluate((select) => [...select.options].filter(({ disabled }) => disabled).map(({ label }) => label)), ["uniform", "popularity"]);
  await toggle("CBNS").uncheck({ force: true });
  await page.getByLabel("Negatives").selectOption("popularity");
  assert.ok(await toggle("CBNS").isDisabled());
  await page.getByRole("radio", { name: "Fast" }).check({ force: true });
  await phase(page, "Start training");
  assert.equal(await page.getByLabel("Negatives").inputValue(), "in-batch", "the select shows the current value");
  const epochs = page.getByRole("spinbutton", { name: "Epochs" });
  await epochs.fill("0");
  await epochs.press("Tab");
  await page.getByRole("radio", { name: "Balanced" }).check({ force: true });
  assert.equal(await epochs.inputValue(), "12");
  await toggle("Tuning").check({ force: true });
  await page.getByText("Tuning chooses the temperature.").waitFor();
  await page.locator("input[type=file]").setInputFiles([file("mine.csv", ratings().replace(/,\w+$/gm, ""))]);
  await page.getByText("60 users, 40 items").waitFor();
  assert.ok(await toggle("Features of items").isDisabled());
  await page.getByText("No column has times to split by.").waitFor();
  assert.deepEqual(faults, []);
  await close();
});

/** Scripts that run in a page before its own and break its storage in some way, each with the message. */
const SPOILED = {
  "has no room": [
    () => {
      IDBObjectStore.prototype.put = function () {
        this.transaction.abort();
        throw new DOMException("", "QuotaExceededError");
      };
    },
    "There is no room left in this browser.",
  ],
  "is blocked": [
    () => {
      const get = () => {
        throw new DOMException("denied", "SecurityError");
      };
      Object.defineProperty(globalThis, "indexedDB", { get });
    },
    "blocks the storage of this page",
  ],
  "is not there": [() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }), "blocks the storage of this page"],
  "breaks off": [
    () => {
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (...record) {
        if (this.name !== "runs") return put.apply(this, record);
        this.transaction.abort();
        return undefined;
      };
    },
    "The browser stopped before the run was written.",
  ],
  "is of a later version": [
    () => {
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function (name, version) {
        open.call(this, name, version + 1);
        return open.call(this, name, version);
      };
    },
    "Another version of this page has used its storage",
  ],
  "does not answer": [
    () => {
      const plain = setTimeout;
      globalThis.setTimeout = (work, time, ...rest) => plain(work, time === 10_000 ? 100 : time, ...rest);
      IDBFactory.prototype.open = () => ({});
    },
    "The browser’s storage does not answer.",
  ],
};

test("a failure of the storage shows an error and suggests a file", async () => {
  for (const [name, [spoil, sentence]] of Object.entries(SPOILED)) {
    const { page, faults, close } = await open(session, { prepare: (page) => page.addInitScript(spoil) });
    await phase(page, "Start training");
    await quick(page, 1);
    await main(page).click();
    await phase(page, "Train again");
    await page.getByRole("button", { name: "Keep this model" }).click();
    await page.locator("tt-keep-bar [role=status]").getByText(sentence).waitFor().catch(async () => assert.fail(`${name}: ${await page.locator("tt-keep-bar").textContent()}`));
    await page.locator("tt-keep-bar [role=status]").getByText("Save the run as a file").waitFor();
    if (name === "has no room") {
      assert.ok(await asksToStay(page), "the page asks before a run is lost");
      const note = page.locator("tt-error-note [role=status]");
      await page.getByRole("button", { name: "Reset" }).click();
      await note.getByText("was not discarded").waitFor();
      await phase(page, "Train again");
      await page.getByRole("button", { name: "Reset" }).click();
      await phase(page, "Start training");
    }
    assert.deepEqual(faults, [], name);
    await close();
  }
});

test("records in another format are not shown and can be deleted", async () => {
  const { page, faults, close } = await open(session);
  await phase(page, "Start training");
  await page.evaluate(async () => {
    localStorage.setItem("twotower past runs", "yes");
    const request = indexedDB.open("twotower", 1);
    request.onupgradeneeded = () => ["runs", "files"].forEach((name) => request.result.createObjectStore(name));
    await new Promise((resolve) => (request.onsuccess = resolve));
    const transaction = request.result.transaction("runs", "readwrite");
    for (const [key, record] of [["a", { id: "a", name: "no words" }], ["b", null], ["c", "text"]]) transaction.objectStore("runs").put(record, key);
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    request.result.close();
  });
  await page.reload();
  await page.getByText("3 records from another version of this page cannot be read.").waitFor();
  assert.equal(await page.locator("tt-past-runs li").count(), 0);
  await page.locator("tt-past-runs").getByRole("button", { name: "Delete" }).click();
  await page.getByText("cannot be read").waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
  await close();
});

test("a step that does not end is stopped with its worker", async () => {
  const stuck = 'addEventListener("message", (event) => { if (event.data.argumentList?.[1]?.value === "advance") for (;;); });';
  const { page, faults, close } = await open(session, { prepare: (page) => sabotage(page, stuck, 1) });
  await phase(page, "Start training");
  await main(page).click();
  await phase(page, "Pause");
  await page.getByRole("button", { name: "Reset" }).click();
  await page.getByText("Stopping after the current step").waitFor();
  await phase(page, "Start training");
  await page.getByText("4,891 readers").waitFor();
  await quick(page, 1);
  await main(page).click();
  await phase(page, "Train again");
  assert.deepEqual(faults, []);
  await close();
});

test("new data joins the run at hand, by keyboard, and it trains on", async () => {
  for (const name of ["light", "phone"]) {
    const { page, faults, close } = await open(session, SCREENS[name]);
    // From the first listener on, the browser reports its file choosers; one that opens meanwhile is missed.
    page.on("filechooser", () => {});
    await phase(page, "Start training");
    const add = page.getByRole("button", { name: "Add new data" });
    assert.ok(await add.isDisabled(), "nothing is trained yet");
    // Enough that the run is not over before it is paused.
    await quick(page, 10);
    await main(page).click();
    await page.getByText(/Answers after \d+ epoch/).waitFor();
    await main(page).click();
    await phase(page, "Resume");
    const give = async (text) => {
      await until(() => add.isEnabled());
      await add.focus();
      const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
      await chooser.setFiles([file("new.csv", text)]);
    };
    // Paused within an epoch, it is trained to its end first.
    await give("user,item\nnewcomer,585\nnewcomer,1\nnewcomer,a new book\n");
    await page.getByText("Added 3 pairs to train on, with 1 new reader and 1 new book. Resume trains on all of it.").waitFor();
    await page.getByText("4,892 readers").waitFor();
    await fits(page, SCREENS[name]);
    await page.screenshot({ path: drawing(`extended-${name}`), fullPage: true });
    await phase(page, "Resume");
    await give("reader,title\na,b\n");
    await page.locator("tt-error-note").getByText("data.columns.user").waitFor();
    await main(page).click();
    await phase(page, "Train again");
    await page.getByText("Answers after 10 epochs").waitFor();
    await give("user,item\nnewcomer,2\n");
    await page.getByText("Added 1 pair to train on, with 0 new readers and 0 new books.").waitFor();
    await main(page).click();
    await phase(page, "Train again");
    // A fifth more.
    await page.getByText("Answers after 12 epochs").waitFor();
    assert.deepEqual(faults, []);
    await close();
  }
});

test("a model is saved as a file and resumes from it; another file is rejected", async () => {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  await quick(page, 2);
  await main(page).click();
  await phase(page, "Train again");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^goodbooks-\d{4}-\d\d-\d\d-model\.safetensors$/);
  const saved = readFileSync(await download.path());
  const told = await page.locator("tt-epoch-table").textContent();

  const one = page.locator("input[type=file]");
  const broken = { name: "broken.safetensors", mimeType: "application/octet-stream", buffer: saved.subarray(0, 5000) };
  await one.setInputFiles(broken);
  await page.locator("tt-error-note").getByText("not a whole safetensors file").waitFor();
  await phase(page, "Train again");
  await page.getByRole("button", { name: "Reset" }).click();
  await phase(page, "Start training");
  await one.setInputFiles({ ...broken, name: "mine.safetensors", buffer: saved });
  await phase(page, "Train again");
  assert.equal(await page.locator("tt-epoch-table").textContent(), told);
  await page.getByText("Answers after 2 epochs").waitFor();
  await close();
});
