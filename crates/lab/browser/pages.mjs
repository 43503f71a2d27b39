/** Starts a headless browser, and a server with a blank page and chosen files. */

import { createReadStream, createWriteStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { basename, extname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";

import { launch } from "../../../www/tests/chromium.js";
import { launchFirefox } from "../../../www/tests/firefox.js";

const LAUNCH = { chromium: launch, firefox: launchFirefox };

/** Content types that browsers require; other files are bytes. */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Starts `chromium` or `firefox` with a fresh profile. `mounts` maps a path on the server to a file, or a path that ends
 * in `/` to a folder. Files that pages put to `/outbox/` are written to the folder `outbox`, if set. `flags` are
 * additional flags of Chromium.
 */
export async function start(mounts, { outbox, flags = [], browser: name = "chromium" } = {}) {
  const server = await serve(mounts, outbox);
  const browser = await LAUNCH[name](...flags);
  const openPage = async () => {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warning", "warn"].includes(message.type())) console.error(message.text());
    });
    const lost = new Promise((resolve) => {
      const crashed = () => resolve({ error: "the page crashed; it may have run out of memory" });
      // Names of the same event in Playwright and Puppeteer.
      page.on("crash", crashed);
      page.on("error", crashed);
      browser.on("disconnected", () => resolve({ error: `${name} ended` }));
    });
    await page.goto(`http://127.0.0.1:${server.address().port}`);
    return { page, lost };
  };
  const stop = async () => {
    await browser.close();
    server.close();
  };
  return { openPage, stop };
}

function serve(mounts, outbox) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    if (request.method === "PUT" && outbox && path.startsWith("/outbox/")) {
      const answer = (status) => response.writeHead(status).end();
      pipeline(request, createWriteStream(join(outbox, basename(path)))).then(() => answer(204), () => answer(500));
      return;
    }
    if (path === "/") {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><link rel=icon href=data:,>");
      return;
    }
    const file = find(mounts, path);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": statSync(file).size,
    });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function find(mounts, path) {
  const files = Object.entries(mounts).map(([mount, target]) => {
    if (!mount.endsWith("/")) return mount === path ? target : undefined;
    return path.startsWith(mount) ? join(target, normalize(`/${path.slice(mount.length)}`)) : undefined;
  });
  return files.find((file) => statSync(file ?? "", { throwIfNoEntry: false })?.isFile());
}
