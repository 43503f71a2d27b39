/** What the tests of the demo page share: its parts by the names that visitors know, and what is quick or faint. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

import { OUT } from "./browser.js";

export const main = (page) => page.locator("tt-run-controls .primary");
export const phase = (page, label) => page.locator("tt-run-controls .primary:enabled", { hasText: label }).waitFor({ timeout: 120_000 });
export const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
export const drawing = (name) => fileURLToPath(new URL(`${name}.png`, OUT));

/** Waits until something holds. */
export async function until(holds) {
  for (const end = Date.now() + 30_000; !(await holds()); ) {
    assert.ok(Date.now() < end, `never: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Few and cheap epochs, for tests that look at something else than the model. */
export async function quick(page, epochs) {
  for (const [name, value] of [["Batch size", 128], ["Width D", 8], ["Learning rate", 0.02], ["Epochs", epochs]]) {
    await page.getByRole("spinbutton", { name }).fill(String(value));
  }
}

/** Screens that the page has to look good on. */
export const SCREENS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  "reduced-motion": { reducedMotion: "reduce" },
  "forced-colours": { forcedColors: "active" },
};

/** Holds the page against its screen: nothing sticks out, and every text can be read. */
export async function fits(page, { forcedColors }) {
  // Not `innerWidth`: a phone's grows with what sticks out.
  const screen = page.viewportSize().width;
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= screen, `${width} px wide on a screen of ${screen}`);
  if (!forcedColors) assert.deepEqual(await page.evaluate(faint), []);
}

/** Texts whose contrast is below WCAG's 4.5 to 1. Runs in the page. */
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
