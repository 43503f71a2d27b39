/** Gives the pages the comments of the shaders: purpose, formula and shapes of each, and the file of its CPU twin. */

import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** Name of the module, for imports. */
const MODULE = "virtual:shaders";

/** Provides a module with `{ shader: { about, shapes, twin } }` as its default export. */
export const shaders = {
  name: "shaders",
  resolveId: { filter: { id: /^virtual:shaders$/ }, handler: () => MODULE },
  load: { filter: { id: /^virtual:shaders$/ }, handler: () => `export default ${JSON.stringify(shaderTexts())};` },
};

/** Returns the text of each shader by its name. */
export function shaderTexts() {
  const twins = twinsOf();
  return Object.fromEntries(namesIn("shaders/", ".wgsl").map((name) => [name, { ...textOf(name), twin: twins.get(name) }]));
}

/** Line breaks within a sentence: those before a formula or before the division of the work stay. */
const LINE = /\n(?!One (?:thread|workgroup)|[\w.]+(?:\[.*?\])? (?:[-+]?=|becomes) )/g;

/** Returns the comment at the head of a shader, and the comment after each of its bindings. */
function textOf(name) {
  const text = read(`shaders/${name}.wgsl`);
  const head = /^(\/\/ .*\n)+/.exec(text)[0];
  const bindings = text.matchAll(/^@group.* (\w+): .*; \/\/ (.+)$/gm);
  return { about: head.replaceAll("// ", "").trim().replace(LINE, " "), shapes: [...bindings].map(([, binding, shape]) => [binding, shape]) };
}

/** Returns the name of each shader's twin: that of the contract that names the shader, or of the optimiser's operation. */
function twinsOf() {
  const contracts = namesIn("src/plan/operations/", ".rs");
  const named = contracts.flatMap((contract) => {
    return [...read(`src/plan/operations/${contract}.rs`).matchAll(/"(\w+)"/g)].map(([, name]) => [name, contract]);
  });
  const updates = ["update_rows", "update_dense"].flatMap((update) => {
    return namesIn("shaders/", ".wgsl").filter((name) => name.startsWith(update)).map((name) => [name, update]);
  });
  return new Map([...named, ...updates]);
}

function namesIn(folder, extension) {
  const names = readdirSync(new URL(folder, root)).filter((name) => name.endsWith(extension));
  return names.map((name) => name.slice(0, -extension.length));
}

function read(path) {
  return readFileSync(new URL(path, root), "utf8");
}
