/** Bundles the sources as ES modules in one folder, so that `new URL("./file", import.meta.url)` works in each. */

import { fileURLToPath } from "node:url";

import { build } from "rolldown";

import { shaders } from "./shaders.js";

const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Entries of the package by their published names, and entries of the pages. */
const ENTRIES = {
  twotower: source("index.ts"),
  element: source("element/element.ts"),
  "two-tower-trainer": source("element/two-tower-trainer.ts"),
  page: source("page/demo-page.ts"),
  embed: source("embed/embed.ts"),
};

/** Entries for Node.js. */
const NODE_ENTRIES = {
  node: source("node.ts"),
  "node-worker": source("node-worker.ts"),
};

/** Options of every bundle. */
export const OPTIONS = {
  platform: "browser",
  tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
  moduleTypes: { ".css": "text" },
  transform: { target: "es2022" },
  // The list of side effects in package.json applies to the bundles, not to their sources.
  treeshake: { moduleSideEffects: [{ test: /\/src\//, sideEffects: true }] },
};

/** Removes indentation from HTML and CSS templates, where it has no meaning. */
export const unindented = {
  name: "unindented-templates",
  transform: {
    filter: { id: /\/src\/.*\.(ts|css)$/ },
    handler: (code) => ({ code: code.replace(/\n[ \t]+/g, "\n"), map: null }),
  },
};

/** Restores the double quotes of addresses, which other bundlers expect; the minifier writes backticks. */
const quoted = {
  name: "quoted-addresses",
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type === "chunk") file.code = file.code.replace(/new URL\(`(\.\/[^`$]+)`,import\.meta\.url\)/g, 'new URL("$1",import.meta.url)');
    }
  },
};

/** Names a chunk. Chunks that only the demo page loads are not published. */
function chunkName({ moduleIds }) {
  const isOfPage = moduleIds.every((id) => /\/(src\/page\/|package\.json$)/.test(id.replaceAll("\\", "/")));
  return `${isOfPage ? "page" : "chunk"}-[name].js`;
}

/**
 * Writes all entries and their shared chunks to a folder, and returns the modules in them. The worker is a single
 * file, since it may be moved.
 */
export async function bundle(folder) {
  const common = { ...OPTIONS, plugins: [shaders, unindented, quoted] };
  const output = { dir: fileURLToPath(folder), format: "esm", minify: true, entryFileNames: "[name].js" };
  // Charts are large, so they load after the rest.
  const codeSplitting = { groups: [{ name: "charts", test: /node_modules\/uplot\// }] };
  const inPages = { ...common, preserveEntrySignatures: "exports-only" };
  const built = [];
  built.push(await build({ ...inPages, input: ENTRIES, output: { ...output, chunkFileNames: chunkName, codeSplitting } }));
  built.push(await build({ ...common, input: { worker: source("worker.ts") }, output: { ...output, codeSplitting: false } }));
  built.push(await build({ ...common, input: { "page-umap": source("page/umap-worker.ts") }, output: { ...output, codeSplitting: false } }));
  // Built apart from the pages' files, which must not import a module of Node.js. Not minified: Node.js prints the line of
  // an error.
  for (const [name, input] of Object.entries(NODE_ENTRIES)) {
    const entry = { ...common, platform: "node", input: { [name]: input } };
    built.push(await build({ ...entry, output: { ...output, minify: false, codeSplitting: false } }));
  }
  return built.flatMap(({ output }) => output).flatMap((file) => file.moduleIds ?? []);
}
