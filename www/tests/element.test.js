/** Tests the element as pages use it: attributes, events, methods, loading, and several elements on one page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, start } from "./browser.js";
import { drawing, fits, SCREENS, until } from "./visit.js";

let session;
before(async () => (session = await start()));
after(() => session?.stop());

/** Attributes of a cheap run. */
const QUICK = `dataset="goodbooks" epochs="2" config='{"dim": 8, "batchSize": 1024, "optimizer": {"learningRate": 0.02}}'`;
/** Returns the element with some attributes. If a name occurs twice, HTML takes the first. */
const tag = (attributes = "", content = "") => `<two-tower-trainer ${attributes} ${QUICK}>${content}</two-tower-trainer>`;

/** Opens a page with some HTML and the element's script, and records the events that reach the document. */
async function page(html, { width = 700, height = 600, ...options } = {}) {
  const opened = await open(session, { path: "element.js", viewport: { width, height }, ...options });
  const requests = [];
  opened.page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await opened.page.evaluate((html) => {
    globalThis.told = [];
    for (const name of ["ready", "epoch", "done", "error"]) {
      document.addEventListener(`twotower-${name}`, ({ detail }) => {
        told.push({ name, epoch: detail.epoch?.epoch, strategy: detail.strategy, seed: detail.seed, message: detail.error?.message, code: detail.error?.code });
      });
    }
    document.head.innerHTML = '<meta name="viewport" content="width=device-width"><title>A page</title>';
    document.documentElement.lang = "en";
    document.body.outerHTML = `<body style="margin: 0"><main>${html}</main></body>`;
  }, html);
  await opened.page.addScriptTag({ type: "module", url: "element.js" });
  await opened.page.waitForFunction(() => customElements.get("two-tower-trainer"));
  const told = () => opened.page.evaluate(() => told);
  const waitFor = (name, times = 1) =>
    opened.page.waitForFunction(([name, times]) => told.filter((event) => event.name === name).length >= times, [name, times], { timeout: 90_000 });
  return { ...opened, requests, told, waitFor };
}

const begin = (tab) => tab.evaluate(() => document.querySelector("two-tower-trainer").start());

test("the element trains, sends events, and has a trainer and a report", async () => {
  const { page: tab, told, waitFor, faults, close } = await page(tag());
  await waitFor("ready");
  await begin(tab);
  await waitFor("done");
  const events = (await told()).map(({ name, epoch }) => (epoch ? `${name} ${epoch}` : name));
  assert.deepEqual(events, ["ready", "epoch 1", "epoch 2", "done"]);
  const { items, report, before } = await tab.evaluate(async () => {
    const element = document.querySelector("two-tower-trainer");
    const trainer = await element.ready;
    const items = await trainer.recommend({ user: (await trainer.users("", 1))[0] }, 3);
    const { epochs, final } = element.report;
    await element.reset();
    await element.ready;
    return { items: items.length, report: { epochs: epochs.length, ndcg: final?.["ndcg@20"] ?? epochs.at(-1)["ndcg@20"] }, before: element.report?.epochs.length };
  });
  assert.equal(items, 3);
  assert.equal(report.epochs, 2);
  assert.ok(report.ndcg > 0.01, `NDCG@20 ${report.ndcg}`);
  assert.equal(before, 0, "a run that starts over has no epochs");
  assert.deepEqual(faults, []);
  await close();
});

test("controls, a chart and a list fit into 700 by 420 pixels", async () => {
  const { page: tab, waitFor, close } = await page(tag('controls="dim batchSize"'));
  await waitFor("ready");
  await begin(tab);
  await waitFor("done");
  await tab.locator("section.front tt-item-list button").first().waitFor();
  const { height } = await tab.locator("two-tower-trainer").boundingBox();
  assert.ok(height <= 420, `${height} px`);
  for (const part of [tab.getByLabel("Width D"), tab.locator("tt-run-charts.front .plot"), tab.locator("section.front tt-item-list button").first()]) {
    const box = await part.boundingBox();
    assert.ok(box && box.y + box.height <= 420, `${part} ends at ${box?.y + box?.height}`);
  }
  await close();
});

test("an element that is not visible or used loads its own script only", async () => {
  const far = `<div style="height: 3000px"></div>${tag("", "<p>A picture</p>")}`;
  const { page: tab, requests, waitFor, close } = await page(far);
  await tab.waitForTimeout(500);
  const scripts = requests.filter((path) => /worker|wasm|view|data\//.test(path));
  assert.deepEqual(scripts, []);
  assert.equal(tab.workers().length, 0);
  await tab.locator("two-tower-trainer").scrollIntoViewIfNeeded();
  await waitFor("ready");
  assert.equal(tab.workers().length, 1);
  await close();
});

test("`loading` loads the trainer at a press or at once", async () => {
  const asked = await page(tag('loading="interaction"', "<p>A picture</p>"));
  await asked.page.getByText("A picture").waitFor();
  await asked.page.waitForTimeout(300);
  assert.equal(asked.page.workers().length, 0);
  await asked.page.getByRole("button", { name: "Load and train" }).click();
  await asked.waitFor("done");
  assert.equal(await asked.page.getByText("A picture").isVisible(), false);
  await asked.close();

  const eager = await page(`<div style="height: 3000px"></div>${tag('loading="eager"')}`);
  await eager.waitFor("ready");
  await eager.close();
});

test("autostart trains without a press, pause stops and start resumes", async () => {
  const { page: tab, told, waitFor, close } = await page(tag('autostart epochs="40"'));
  await waitFor("epoch");
  await tab.evaluate(() => document.querySelector("two-tower-trainer").pause());
  await tab.getByText(/paused/).waitFor();
  const stood = (await told()).length;
  await tab.waitForTimeout(400);
  assert.equal((await told()).length, stood);
  await begin(tab);
  await waitFor("epoch", stood + 2);
  await close();
});

test("an invalid value of an attribute gives a message and an event, never an exception", async () => {
  const wrong = {
    'panels="los"': /attribute panels="los" is not allowed; allowed: loss, metrics, ask/,
    'epochs="0"': /attribute epochs="0" is not allowed/,
    'config="{"': /attribute config="\{" is not allowed/,
    'dataset="goodboks"': /attribute dataset="goodboks" is not allowed; allowed: goodbooks, online-retail, or the URL/,
    'dataset="missing.csv"': /missing\.csv: the server answered 404; check the attribute dataset/,
    'preset="quick"': /attribute preset="quick" is not allowed; allowed: fast, balanced, best/,
    'controls="beta rate"': /attribute controls="rate" is not allowed/,
    'strategies="two-bp twobp"': /attribute strategies="twobp" is not allowed/,
    'backend="gpu"': /attribute backend="gpu" is not allowed; allowed: auto, webgpu, cpu/,
    'loading="lazy"': /attribute loading="lazy" is not allowed; allowed: visible, interaction, eager/,
    [`config='{"dimm": 8}'`]: /option `dimm`: no such option/,
  };
  const html = Object.keys(wrong).map((attribute) => `<two-tower-trainer ${attribute} loading="eager"></two-tower-trainer>`).join("");
  const { page: tab, told, faults, close } = await page(html.replace('loading="lazy" loading="eager"', 'loading="lazy"'));
  await tab.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await until(async () => (await told()).filter(({ name }) => name === "error").length >= Object.keys(wrong).length);
  const messages = (await told()).filter(({ name }) => name === "error").map(({ message }) => message);
  for (const [attribute, message] of Object.entries(wrong)) {
    const times = messages.filter((said) => message.test(said)).length;
    assert.equal(times, 1, `${attribute}: ${messages.join("\n")}`);
  }
  assert.deepEqual(faults.filter((fault) => !/404/.test(fault)), []);
  // The page begins the message with a capital letter and shows options as code.
  for (const { source } of Object.values(wrong)) await tab.getByText(new RegExp(source.replaceAll("`", ""), "i")).first().waitFor();
  await close();
});

test("a changed attribute is applied; properties are attributes", async () => {
  const { page: tab, told, waitFor, close } = await page(tag());
  await waitFor("ready");
  const config = await tab.evaluate(async () => {
    const element = document.querySelector("two-tower-trainer");
    element.epochs = 1;
    element.config = { dim: 4, batchSize: 512 };
    element.controls = ["dim", "beta"];
    await new Promise((resolve) => element.addEventListener("twotower-ready", resolve, { once: true }));
    const trainer = document.querySelector("two-tower-trainer");
    return { attribute: trainer.getAttribute("config"), epochs: trainer.epochs, controls: trainer.controls };
  });
  assert.deepEqual(config, { attribute: '{"dim":4,"batchSize":512}', epochs: "1", controls: "dim beta" });
  await tab.getByLabel("Kept share β").waitFor();
  await begin(tab);
  await waitFor("done");
  assert.equal((await told()).filter(({ name }) => name === "epoch").length, 1);
  const about = await tab.evaluate(async () => (await document.querySelector("two-tower-trainer").report).config);
  assert.equal(about.dim, 4);
  await close();
});

test("strategies are compared, and each epoch's event names its strategy", async () => {
  const { page: tab, told, waitFor, close } = await page(tag('strategies="two-bp one-bp"'));
  await waitFor("ready");
  await begin(tab);
  await waitFor("done");
  const epochs = (await told()).filter(({ name }) => name === "epoch").map(({ strategy, seed, epoch }) => `${strategy} ${seed} ${epoch}`);
  assert.deepEqual(epochs, ["two-bp 0 1", "two-bp 0 2", "one-bp 0 1", "one-bp 0 2"]);
  assert.equal(await tab.locator("tt-comparison-table tbody tr").count(), 2);
  await close();
});

test("two elements on a page train one after the other, in one worker, and the second shows that it waits", async () => {
  const { page: tab, told, waitFor, close } = await page(tag('loading="eager" epochs="6"') + tag('loading="eager"'), { height: 1200 });
  await waitFor("ready", 2);
  await tab.evaluate(() => {
    const [first, second] = document.querySelectorAll("two-tower-trainer");
    void first.start();
    void second.start();
  });
  await tab.getByText("Waiting: another trainer on this page is training").waitFor();
  await waitFor("done", 2);
  assert.equal(tab.workers().length, 1);
  const done = (await told()).findIndex(({ name }) => name === "done");
  const before = (await told()).slice(0, done).filter(({ name }) => name === "epoch").length;
  assert.equal(before, 6, "all epochs are from the first element");
  await close();
});

test("moving the element keeps the run, removing it frees the run, and it can be added again", async () => {
  const { page: tab, told, waitFor, close } = await page(`${tag()}<section></section>`);
  await waitFor("ready");
  await begin(tab);
  await waitFor("done");
  await tab.evaluate(() => document.querySelector("section").append(document.querySelector("two-tower-trainer")));
  await tab.waitForTimeout(200);
  assert.equal(await tab.evaluate(() => document.querySelector("two-tower-trainer").report.epochs.length), 2);
  assert.equal(tab.workers().length, 1);

  await tab.evaluate(() => {
    globalThis.kept = document.querySelector("two-tower-trainer");
    globalThis.kept.remove();
  });
  await until(async () => tab.workers().length === 0);
  assert.equal(await tab.evaluate(() => globalThis.kept.report), undefined);
  await tab.evaluate(() => document.body.append(globalThis.kept));
  await waitFor("ready", 2);
  await begin(tab);
  await waitFor("done", 2);
  assert.equal((await told()).filter(({ name }) => name === "error").length, 0);
  await close();
});

test("an element that is removed while it loads opens nothing", async () => {
  const { page: tab, told, close } = await page("<section></section>");
  for (const after of [0, 30, 100, 300]) {
    await tab.evaluate(
      async ([html, after]) => {
        const section = document.querySelector("section");
        section.innerHTML = html;
        await new Promise((resolve) => setTimeout(resolve, after));
        section.replaceChildren();
      },
      [tag('loading="eager" autostart'), after],
    );
  }
  await tab.waitForTimeout(2500);
  assert.equal((await told()).filter(({ name }) => name === "epoch" || name === "error").length, 0);
  // One worker without a run may wait for the next trainer.
  assert.ok(tab.workers().length <= 1, `${tab.workers().length} workers`);
  await close();
});

test("a paused comparison lets others train, and a moved one continues", async () => {
  const { page: tab, told, waitFor, close } = await page(`${tag('strategies="two-bp one-bp" epochs="6" loading="eager"')}${tag('loading="eager"')}<section></section>`, { height: 1600 });
  await waitFor("ready", 2);
  await tab.evaluate(() => void document.querySelector("two-tower-trainer").start());
  await waitFor("epoch");
  await tab.evaluate(() => {
    const [first, second] = document.querySelectorAll("two-tower-trainer");
    first.pause();
    void second.start();
  });
  await waitFor("done");
  assert.ok((await told()).some(({ name, strategy }) => name === "epoch" && strategy === undefined), "the second element trained");
  await tab.evaluate(() => {
    const [first] = document.querySelectorAll("two-tower-trainer");
    document.querySelector("section").append(first);
    void first.start();
  });
  await waitFor("done", 2);
  assert.equal((await told()).filter(({ strategy }) => strategy).length, 12);
  await close();
});

test("ready resolves to the current trainer, and rejects if there is none", async () => {
  const { page: tab, waitFor, close } = await page(tag('epochs="300"'));
  await tab.evaluate(() => void document.querySelector("two-tower-trainer").start());
  await waitFor("epoch", 3);
  const first = await tab.evaluateHandle(() => document.querySelector("two-tower-trainer").ready);
  const breaks = (worker) => worker.evaluate(() => void setTimeout(() => { throw new Error("broken"); }));
  await Promise.all(tab.workers().map(breaks));
  await waitFor("ready", 2);
  const epochs = await tab.evaluate(async (first) => {
    const trainer = await document.querySelector("two-tower-trainer").ready;
    return trainer !== first && (await trainer.report()).epochs.length;
  }, first);
  assert.ok(epochs > 0, "after its worker died the run has another trainer");
  const same = await tab.evaluate(async () => {
    const element = document.querySelector("two-tower-trainer");
    const first = await element.ready;
    const again = new Promise((resolve) => element.addEventListener("twotower-ready", resolve, { once: true }));
    element.dataset = "online-retail";
    const { detail } = await again;
    const kept = (await element.ready) === detail.trainer && detail.trainer !== first;
    const other = document.createElement("two-tower-trainer");
    other.setAttribute("dataset", "missing.csv");
    document.body.append(other);
    await other.start();
    return [kept, await other.ready.catch(({ code }) => code)];
  });
  assert.deepEqual(same, [true, "data"]);
  await close();
});

test("a second definition has no effect, also from another copy of the package", async () => {
  const { page: tab, waitFor, faults, close } = await page(tag());
  await tab.addScriptTag({ type: "module", url: "element.js?again" });
  await tab.addScriptTag({ type: "module", url: "two-tower-trainer.js?again" });
  await waitFor("ready");
  assert.deepEqual(faults, []);
  await close();
});

test("print shows the child content before training, then the chart", async () => {
  const { page: tab, waitFor, close } = await page(tag("", "<p>A picture</p>"));
  await waitFor("ready");
  await tab.emulateMedia({ media: "print" });
  assert.ok(await tab.getByText("A picture").isVisible());
  assert.equal(await tab.locator("tt-run-charts.front .plot").isVisible(), false);
  await tab.emulateMedia({ media: "screen" });
  await begin(tab);
  await waitFor("done");
  await tab.emulateMedia({ media: "print" });
  assert.equal(await tab.getByText("A picture").isVisible(), false);
  assert.ok(await tab.locator("tt-run-charts.front .plot").isVisible());
  await close();
});

test("the element and its charts follow the colour scheme of the surrounding page", async () => {
  const { page: tab, waitFor, close } = await page(tag());
  await waitFor("ready");
  await begin(tab);
  await waitFor("done");
  const colours = () =>
    tab.evaluate(() => {
      const element = document.querySelector("two-tower-trainer");
      const chart = element.shadowRoot.querySelector("tt-view").shadowRoot.querySelector("tt-run-charts.front").shadowRoot.querySelector("tt-line-chart");
      const canvas = chart.shadowRoot.querySelector("canvas");
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const painted = new Set();
      for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3] === 255) painted.add(`${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`);
      return { background: getComputedStyle(element).backgroundColor, painted: [...painted].sort().join(" ") };
    });
  const light = await colours();
  await tab.evaluate(() => (document.documentElement.style.colorScheme = "dark"));
  await until(async () => (await colours()).painted !== light.painted);
  assert.notEqual((await colours()).background, light.background);
  await close();
});

for (const [name, screen] of Object.entries({ ...SCREENS, "320": { viewport: { width: 320, height: 700 } }, "1200": { viewport: { width: 1200, height: 700 } } })) {
  test(`the element looks good: ${name}`, async () => {
    const { viewport, ...how } = screen;
    const { page: tab, waitFor, faults, close } = await page(tag('controls="dim onebp"'), { ...viewport, ...how });
    await tab.addStyleTag({ content: ":root { color-scheme: light dark; font-family: sans-serif }" });
    await waitFor("ready");
    await begin(tab);
    await waitFor("done");
    await fits(tab, screen);
    await tab.screenshot({ path: drawing(`element-${name}`), fullPage: true });
    assert.deepEqual(faults, []);
    await close();
  });
}
