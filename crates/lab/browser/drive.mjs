/**
 * Runs jobs in a headless browser. Reads `{ mounts, job, requests, outbox, flags, browser }` from stdin and writes lines
 * of JSON: `{ event, value }` during a request, and at its end `{ done }` or `{ error }`. Each request has its own page,
 * so requests do not affect each other.
 */

import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { start } from "./pages.mjs";

const { mounts, job, requests, outbox, flags, browser } = JSON.parse(await text(process.stdin));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const jobs = fileURLToPath(new URL(".", import.meta.url));
const { openPage, stop } = await start({ ...mounts, "/jobs/": jobs }, { outbox, flags, browser });
for (const request of requests) say(await answer(request));
await stop();

async function answer(request) {
  const { page, lost } = await openPage();
  try {
    await page.exposeFunction("tell", (event, value) => say({ event, value }));
    return await Promise.race([page.evaluate(inPage, { job, request }), lost]);
  } catch (error) {
    return { error: error.message };
  } finally {
    await page.close();
  }
}

async function inPage({ job, request }) {
  try {
    const jobs = await import("/jobs/jobs.mjs");
    return { done: await jobs[job](request) };
  } catch (error) {
    return { error: error.message ?? String(error) };
  }
}
