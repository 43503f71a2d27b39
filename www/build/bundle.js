/** Bundles the sources as ES modules, all in one folder: `new URL("./file", import.meta.url)` holds in each of them. */

import { fileURLToPath } from "node:url";

import { build } from "rolldown";

const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** Entries by the names that the package publishes, and those of its pages. */
const ENTRIES = {
  twotower: source("index.ts"),
  element: source("element/element.ts"),
  "two-tower-trainer": source("element/two-tower-trainer.ts"),
  page: source("page/demo-page.ts"),
  embed: source("embed/embed.ts"),
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

/** Writes all entries, and the chunks that they share, to a folder. The worker is one file by itself: it may be moved. */
export async function bundle(folder) {
  const output = { dir: fileURLToPath(folder), format: "esm", minify: true, entryFileNames: "[name].js" };
  await build({
    ...OPTIONS,
    input: ENTRIES,
    preserveEntrySignatures: "exports-only",
    plugins: [quoted],
    output: {
      ...output,
      chunkFileNames: "chunk-[name].js",
      // Charts are large and load after the rest.
      codeSplitting: { groups: [{ name: "charts", test: /node_modules\/uplot\// }] },
    },
  });
  await build({
    ...OPTIONS,
    input: { worker: source("worker.ts") },
    plugins: [quoted],
    output: { ...output, codeSplitting: false },
  });
}
