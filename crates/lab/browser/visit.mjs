/**
 * Opens the built page, presses its button, and prints measurements:
 * `{ tasks: [{ backend, map, longest, mostBusy }], firstLoss: [milliseconds], frames: [{ points, milliseconds }] }`.
 */

import { open, start } from "../../../www/tests/browser.js";
import { main, phase } from "../../../www/tests/visit.js";

/** Time for which training is observed. */
const WATCHED = 8_000;

/** Number of visits that measure the first loss. */
const VISITS = 7;

/** Numbers of items on the map. */
const POINTS = [2_000, 20_000, 100_000];

/** Movements of the map that are timed. */
const MOVES = 5;

const session = await start();
const tasks = [];
for (const [backend, label] of [["cpu", "CPU"], ["webgpu", "WebGPU"]]) {
  for (const map of [false, true]) tasks.push({ backend, map, ...(await watch(label, map)) });
}
const firstLoss = await firstLosses();
const frames = await mapFrames();
await session.stop();
console.log(JSON.stringify({ tasks, firstLoss, frames }));

/**
 * Returns the milliseconds of the main thread's longest task while the page trains on a backend, and the most processor
 * time of a task. With `map`, the map of the items is on the screen.
 */
async function watch(label, map) {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  await page.locator("tt-run-settings").getByRole("radio", { name: label }).check({ force: true });
  await phase(page, "Start training");
  if (map) await showMap(page);
  await session.browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  await main(page).click();
  await page.waitForTimeout(WATCHED);
  const { traceEvents } = JSON.parse(await session.browser.stopTracing());
  await close();
  const isMain = ({ name, args }) => name === "thread_name" && args.name === "CrRendererMain";
  const threads = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith("RunTask") && threads.has(`${pid} ${tid}`));
  if (tasks.length === 0) throw new Error("the trace has no tasks of the main thread");
  const most = (time) => tasks.reduce((most, task) => Math.max(most, (task[time] ?? 0) / 1000), 0);
  return { longest: most("dur"), mostBusy: most("tdur") };
}

async function showMap(page) {
  await page.locator("tt-pictures").scrollIntoViewIfNeeded();
  await page.getByText("before training", { exact: true }).waitFor();
}

/** Returns the milliseconds of each frame while all points of a map move, for some numbers of points. */
async function mapFrames() {
  const { page, close } = await open(session);
  await phase(page, "Start training");
  await showMap(page);
  const frames = [];
  for (const points of POINTS) frames.push({ points, milliseconds: await page.evaluate(moveMap, { points, moves: MOVES }) });
  await close();
  return frames;
}

/** Runs in the page: moves all points to random places `moves` times. Returns the time from each frame to the next. */
async function moveMap({ points, moves }) {
  const view = document.createElement("tt-map-view");
  view.style.cssText = "position: fixed; inset: 0; z-index: 9";
  document.body.append(view);
  view.colours = [{ name: "--accent", shown: true }];
  view.groups = new Uint8Array(points);
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  // The first places are not timed: without earlier places, the points do not move.
  for (let move = 0; move <= moves; move += 1) {
    view.points = Float32Array.from({ length: 2 * points }, () => 2 * Math.random() - 1);
    await view.updateComplete;
    // The frame that uploads the points is timed, too.
    for (let before = await frame(), end = before + 800; before < end; ) {
      const now = await frame();
      if (move > 0) times.push(now - before);
      before = now;
    }
  }
  view.remove();
  return times;
}

/** Returns the milliseconds from the start of loading to the first loss on screen, with a warm cache. */
async function firstLosses() {
  const context = await session.browser.newContext();
  const visit = async () => {
    const page = await context.newPage();
    await page.addInitScript(pressAtOnce);
    await page.goto(session.url);
    const time = await page.waitForFunction(() => globalThis.firstLoss, undefined, { polling: 100, timeout: 60_000 });
    const milliseconds = await time.jsonValue();
    await page.close();
    return milliseconds;
  };
  await visit();
  const times = [];
  for (let n = 0; n < VISITS; n += 1) times.push(await visit());
  await context.close();
  return times;
}

/** Runs in the page: presses the button as soon as possible, and records when a loss is painted. */
function pressAtOnce() {
  let pressed = false;
  const look = () => {
    const controls = document.querySelector("demo-page")?.shadowRoot?.querySelector("tt-run-controls");
    const button = controls?.shadowRoot?.querySelector(".primary:enabled");
    if (button && !pressed) {
      pressed = true;
      button.click();
    }
    if (controls?.progress?.losses.length > 0) {
      // The content of this frame is on screen at the next one.
      requestAnimationFrame(() => (globalThis.firstLoss = performance.now()));
      return;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
