/** Chromium for browser tests and `cargo xtask`. */

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** Usual paths of Chromium; `CHROMIUM` sets another one. */
const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Flags: headless, with WebGPU on a software adapter, which `chromium-headless-shell` lacks, and without background requests. */
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

/** Starts Chromium with a fresh profile. */
export function launch(...flags) {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium: install `chromium`, or name one in CHROMIUM");
  // `headless: false` keeps Playwright from adding its own headless flags.
  return chromium.launch({ executablePath, headless: false, args: [...FLAGS, ...flags] });
}
