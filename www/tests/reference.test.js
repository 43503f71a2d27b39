/** Compares the element's documentation with its code. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { reference } from "../build/reference.js";

const text = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const manifest = JSON.parse(text("../dist/custom-elements.json"));
const [element] = manifest.modules.flatMap(({ declarations }) => declarations);

test("docs/element.md contains the reference; UPDATE=1 writes it", () => {
  const page = new URL("../../docs/element.md", import.meta.url);
  const [before, after] = ["<!-- reference -->\n", "\n<!-- /reference -->"];
  const written = readFileSync(page, "utf8");
  const [head, rest] = written.split(before);
  const [found, tail] = rest.split(after);
  const wanted = reference(manifest);
  if (process.env.UPDATE) writeFileSync(page, head + before + wanted + after + tail);
  else assert.equal(found, wanted);
});

test("exactly the parts and custom properties of the style sheets are described", () => {
  const sources = ["../src/element/view.ts", "../src/element/two-tower-trainer.ts", "../src/panels/run-controls.ts"].map(text).join("\n");
  const parts = new Set([...sources.matchAll(/ part="([\w-]+)"/g), ...sources.matchAll(/part\.add\("([\w-]+)"\)/g)].map(([, name]) => name));
  assert.deepEqual(element.cssParts.map(({ name }) => name).toSorted(), [...parts].toSorted());
  const styles = text("../src/panels/palette.css") + text("../src/element/shell.css");
  const properties = new Set([...styles.matchAll(/var\((--two-tower-[\w-]+)/g)].map(([, name]) => name));
  assert.deepEqual(element.cssProperties.map(({ name }) => name).toSorted(), [...properties].toSorted());
});

test("exactly the described parts reach the page", () => {
  const exported = /PARTS = \[([^\]]+)\]/.exec(text("../src/element/two-tower-trainer.ts"))[1];
  const names = [...exported.matchAll(/"([\w-]+)"/g)].map(([, name]) => name);
  // The button "Load and train" is in the element's own shadow tree.
  assert.deepEqual([...names, "load"].toSorted(), element.cssParts.map(({ name }) => name).toSorted());
});
