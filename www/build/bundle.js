/** Bundles the sources as ES modules, all in one folder: `new URL("./file", import.meta.url)` holds in each of them. */

import { fileURLToPath } from "node:url";

import { build } from "rolldown";

const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Entries by the names that the package publishes, and those of its pages. */
const ENTRIES = {
  twotower: source("index.ts"),
  worker: source("worker.ts"),
  page: source("page/demo-page.ts"),
};

/** Entries for Node.js. */
const NODE_ENTRIES = {
  node: source("node.ts"),
  "node-worker": source("node-worker.ts"),
};

/** What every bundle has in common. */
export const OPTIONS = {
  platform: "browser",
  tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
  moduleTypes: { ".css": "text" },
  transform: { target: "es2022" },
  // What package.json says of side effects is for the bundles, not for their sources.
  treeshake: { moduleSideEffects: [{ test: /\/src\//, sideEffects: true }] },
};

/** Puts addresses back into the quotes that bundlers look for; the minifier prefers backticks. */
const quoted = {
  name: "quoted-addresses",
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type === "chunk") file.code = file.code.replace(/new URL\(`(\.\/[^`$]+)`,import\.meta\.url\)/g, 'new URL("$1",import.meta.url)');
    }
  },
};

/** Writes all entries, and the chunks that they share, to a folder. */
export async function bundle(folder) {
  const common = { ...OPTIONS, preserveEntrySignatures: "exports-only", plugins: [quoted] };
  const output = { dir: fileURLToPath(folder), format: "esm", minify: true, entryFileNames: "[name].js" };
  // Charts are large and load after the rest.
  const codeSplitting = { groups: [{ name: "charts", test: /node_modules\/uplot\// }] };
  await build({ ...common, input: ENTRIES, output: { ...output, chunkFileNames: "chunk-[name].js", codeSplitting } });
  // Apart: what pages load must not import a module of Node.js. Legible: Node.js prints the line that threw.
  const readable = { ...output, minify: false, chunkFileNames: "node-chunk-[name].js" };
  await build({ ...common, platform: "node", input: NODE_ENTRIES, output: readable });
}
