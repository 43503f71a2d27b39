/** Firefox for browser tests and `cargo xtask`. */

import { existsSync } from "node:fs";

import puppeteer from "puppeteer-core";

/** Usual paths of Firefox; `FIREFOX` sets another one. */
const PLACES = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];

/** Preferences for WebGPU, also on a software adapter, which Firefox blocks by default. */
const PREFERENCES = { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true };

/** Starts Firefox, headless, with a fresh profile. */
export function launchFirefox() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (executablePath === undefined) throw new Error("no Firefox: install `firefox-esr`, or name one in FIREFOX");
  return puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 0, extraPrefsFirefox: PREFERENCES });
}
