/** What the browser tests share: the built pages, served, and a Chromium that has WebGPU. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";
import { preview } from "vite";

/** Where a system keeps its Chromium; `CHROMIUM` names another. */
const CHROMIUM = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Headless Chromium with WebGPU on a software adapter; `chromium-headless-shell` would have none. */
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
  "--host-resolver-rules=MAP insecure.test 127.0.0.1",
];

/** Where screenshots go. */
export const OUT = new URL("./out/", import.meta.url);

/** Serves `dist` on a free port of this machine and starts Chromium. */
export async function start() {
  const executablePath = CHROMIUM.find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium: install `chromium`, or name one in CHROMIUM");
  const root = fileURLToPath(new URL("..", import.meta.url));
  const listen = { port: 0, host: "127.0.0.1", allowedHosts: true };
  const server = await preview({ root, preview: listen, logLevel: "error" });
  const { port } = server.httpServer.address();
  // `headless: false` keeps Playwright from adding headless flags of its own.
  const browser = await chromium.launch({ executablePath, headless: false, args: FLAGS });
  return {
    browser,
    /** The demo; it is also at `insecure.test`, which is no secure context. */
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}

/** A page of its own, with the list of everything that went wrong in it. */
export async function open({ browser, url }, { path = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  await context.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => {
    const { protocol, port } = new URL(request.url());
    if (protocol.startsWith("http") && port !== new URL(url).port) faults.push(`a request to ${request.url()}`);
  });
  await page.goto(new URL(path, url).href);
  return { page, faults, close: () => context.close() };
}

/** A page that shows nothing but the package's source, and can import it. */
export function blank(session) {
  return open(session, { path: "twotower.js" });
}
