/** Support for browser tests: a server of the built pages, and a Chromium with WebGPU. */

import { fileURLToPath } from "node:url";

import { preview } from "vite";

import { launch } from "./chromium.js";

/** A name of this machine that is not a secure context. */
const INSECURE = "--host-resolver-rules=MAP insecure.test 127.0.0.1";

/** Folder for screenshots. */
export const OUT = new URL("./out/", import.meta.url);

/** Serves `dist` on a free port of this machine. */
export async function serve() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const listen = { port: 0, host: "127.0.0.1", allowedHosts: true };
  const server = await preview({ root, preview: listen, logLevel: "error" });
  return { url: `http://127.0.0.1:${server.httpServer.address().port}/`, close: () => server.close() };
}

/** Serves `dist` and starts Chromium. */
export async function start() {
  const server = await serve();
  const browser = await launch(INSECURE);
  return {
    browser,
    /** Address of the demo; it is also at `insecure.test`, which is not a secure context. */
    url: server.url,
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}

/** Opens a separate page, prepared before it loads, with a list of all errors in it. */
export async function open({ browser, url }, { path = "", prepare, ...options } = {}) {
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
  await prepare?.(page);
  await page.goto(new URL(path, url).href);
  return { page, faults, close: () => context.close() };
}

/** Makes the page's next workers, or a number of them, run some code first. */
export function sabotage(page, code, times) {
  const spoil = async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code}\n${await response.text()}` });
  };
  return page.route("**/worker.js", spoil, { times });
}

/** Opens an empty page that can import the package. */
export function blank(session) {
  return open(session, { path: "twotower.js" });
}
