/** What the browser tests share: the built pages, served, and a Chromium that has WebGPU. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";
import { preview } from "vite";

/** Where a system keeps its Chromium; `CHROMIUM` names another. */
const CHROMIUM = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Headless Chromium with WebGPU on a software adapter. `chromium-headless-shell` would have none. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where screenshots go. */
export const OUT = new URL("./out/", import.meta.url);

/** Serves `dist` on a free port of this machine and starts Chromium. */
export async function start() {
  const executablePath = CHROMIUM.find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium: install `chromium`, or name one in CHROMIUM");
  const root = fileURLToPath(new URL("..", import.meta.url));
  const server = await preview({ root, preview: { port: 0, host: "127.0.0.1" }, logLevel: "error" });
  const { port } = server.httpServer.address();
  // `headless: false` keeps Playwright from adding its own headless flags.
  const browser = await chromium.launch({ executablePath, headless: false, args: FLAGS });
  return {
    browser,
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}

/** A page of its own that fails its test on any error or on any request to another host. */
export async function open({ browser, url }, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol === "http:" && host !== new URL(url).host) faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}
