/** Headless Chromium with WebGPU, on a blank page of a server that gives out chosen files. */

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";

// The packages lie beside those who use the page, not beside this file.
const { chromium } = createRequire(new URL("../www/package.json", import.meta.url))("playwright-core");

/** WebGPU on SwiftShader where there is no GPU, and nothing that talks to the network by itself. */
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

/** What browsers insist on; all else is bytes. */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Starts Chromium with a fresh profile. `mounts` maps a path on the server to a file, or a path that ends
 * in `/` to a folder.
 */
export async function start(executablePath, mounts) {
  const server = await serve(mounts);
  const browser = await chromium.launch({ executablePath, headless: false, args: FLAGS });
  const openPage = async () => {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) console.error(message.text());
    });
    const lost = new Promise((resolve) => {
      page.on("crash", () => resolve({ error: "the page crashed; it may have run out of memory" }));
      browser.on("disconnected", () => resolve({ error: "Chromium ended" }));
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

function serve(mounts) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    if (path === "/") {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>twotower</title>");
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
