/**
 * Runs jobs in Node.js, with the input and output of `drive.mjs`. Each request has its own thread, so requests do not
 * affect each other. Files that pages fetch from their server are read from disk.
 */

import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { provideGpu, whenSettled } from "../../../www/src/node-gpu.js";

if (isMainThread) {
  const { requests, ...order } = JSON.parse(await text(process.stdin));
  for (const request of requests) say(await answer({ ...order, request }));
} else {
  await work(workerData);
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function answer(order) {
  const thread = new Worker(new URL(import.meta.url), { workerData: order });
  return new Promise((resolve) => {
    thread.on("error", ({ message }) => resolve({ error: message }));
    thread.on("exit", (code) => resolve({ error: `the thread ended with exit code ${code}` }));
    thread.on("message", (message) => ("event" in message ? say(message) : resolve(message)));
  });
}

async function work({ mounts, job, request, outbox }) {
  const fileOf = (address) => pathToFileURL(find(mounts, decodeURIComponent(address)));
  const fetched = async (address, { method, body } = {}) => {
    if (method === "PUT") return writeFile(join(outbox, basename(address)), body).then(() => new Response());
    const url = String(address).startsWith("file:") ? new URL(address) : fileOf(address);
    const type = url.pathname.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    const response = new Response(await readFile(url), { headers: { "content-type": type } });
    // The last part of the address is the name of the table.
    return Object.defineProperty(response, "url", { value: url.href });
  };
  const tell = (event, value) => parentPort.postMessage({ event, value });
  provideGpu();
  Object.assign(globalThis, { fetch: fetched, tell, mounted: (address) => fileOf(address).href });
  try {
    const jobs = await import("./jobs.mjs");
    parentPort.postMessage({ done: await jobs[job](request) });
  } catch (error) {
    parentPort.postMessage({ error: error.message ?? String(error) });
  }
  whenSettled(() => process.exit());
}

/** Returns the file at an address: the longest matching mount decides. */
function find(mounts, address) {
  const mount = Object.keys(mounts)
    .filter((mount) => (mount.endsWith("/") ? address.startsWith(mount) : address === mount))
    .sort((a, b) => b.length - a.length)[0];
  if (mount === undefined) throw new Error(`nothing is at ${address}`);
  return join(mounts[mount], address.slice(mount.length));
}
