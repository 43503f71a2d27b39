/** Support for tests of the demo page: its parts by their visible names, quick settings, and checks of layout and contrast. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { OUT } from "./browser.js";

export const main = (page) => page.locator("tt-run-controls .primary");
export const phase = (page, label) => page.locator("tt-run-controls .primary:enabled", { hasText: label }).waitFor({ timeout: 120_000 });
export const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
export const drawing = (name) => fileURLToPath(new URL(`${name}.png`, OUT));

/** Waits until a condition holds. */
export async function until(holds) {
  for (const end = Date.now() + 30_000; !(await holds()); ) {
    assert.ok(Date.now() < end, `never: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Sets few and cheap epochs, for tests that do not check the model. */
export async function quick(page, epochs) {
  for (const [name, value] of [["Batch size", 128], ["Width D", 8], ["Learning rate", 0.02], ["Epochs", epochs]]) {
    await page.getByRole("spinbutton", { name }).fill(String(value));
  }
}

/** Screens that the page must look good on. */
export const SCREENS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  "reduced-motion": { reducedMotion: "reduce" },
  "forced-colours": { forcedColors: "active" },
};

/** Fails if anything is wider than the screen, or if a text is hard to read. */
export async function fits(page, { forcedColors }) {
  // Not `innerWidth`: on a phone it grows with contents that are too wide.
  const screen = page.viewportSize().width;
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= screen, `${width} px wide on a screen of ${screen}`);
  if (!forcedColors) assert.deepEqual(await page.evaluate(faint), []);
}

/** Returns the texts with a contrast below WCAG's 4.5 to 1. Runs in the page. */
function faint() {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) =>
    [r, g, b]
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, ix) => sum + value * [0.2126, 0.7152, 0.0722][ix], 0);
  const above = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host;
  const ground = (element) => {
    for (let at = element; at; at = above(at)) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) walk(element.shadowRoot);
      const text = [...element.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!text || !element.checkVisibility() || element.matches(":disabled, style, svg *")) continue;
      const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) found.push(`${text.data.trim()}: ${contrast.toFixed(2)}`);
    }
  };
  walk(document);
  return found;
}
