/** The recipes of docs/guide/cookbook.md. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const COOKBOOK = readFileSync(new URL("../../docs/guide/cookbook.md", import.meta.url), "utf8");

/** Text of each recipe, by its title. */
export const RECIPES = new Map(
  COOKBOOK.split("\n## ").slice(1).map((section) => {
    const [title] = section.split("\n", 1);
    return [title, section];
  }),
);

/** Recipes that do not run in a plain page. */
export const PLACES = [
  "Use it from React",
  "Train in Node.js",
  "Train while a static site is built",
  "Use it in a Jupyter notebook",
  "Work under a strict content security policy",
  "Work offline",
];

/** Returns the first block of a recipe in a language. */
export function block(title, language) {
  const [, code] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(RECIPES.get(title)) ?? [];
  assert.ok(code, `the recipe “${title}” has no ${language}`);
  return code;
}
