/** The Firefox that browser tests and `cargo xtask` drive. */

import { existsSync } from "node:fs";

import puppeteer from "puppeteer-core";

/** Where a system keeps its Firefox; `FIREFOX` names another. */
const PLACES = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];

/** WebGPU, also on a software adapter, which Firefox does not trust. */
const PREFERENCES = { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true };

/** Starts it, headless, with a fresh profile. */
export function launchFirefox() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error("no Firefox: install `firefox-esr`, or name one in FIREFOX");
  return puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 0, extraPrefsFirefox: PREFERENCES });
}
