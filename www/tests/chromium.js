/** The Chromium that browser tests and `cargo xtask` drive. */

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

/** Where a system keeps its Chromium; `CHROMIUM` names another. */
const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Headless, with WebGPU on a software adapter, which `chromium-headless-shell` lacks; and no calls home. */
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

/** Starts it with a fresh profile. */
export function launch(...flags) {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium: install `chromium`, or name one in CHROMIUM");
  // `headless: false` keeps Playwright from adding its own headless flags.
  return chromium.launch({ executablePath, headless: false, args: [...FLAGS, ...flags] });
}
