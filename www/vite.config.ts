import { readdirSync } from "node:fs";

import { defineConfig } from "vite";

const pages = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".html"))
  .map((name) => [name.replace(".html", ""), name]);

/** Every page beside this file, and the package that they all use, in one build. */
export default defineConfig({
  base: "./",
  appType: "mpa",
  worker: { format: "es" },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { ...Object.fromEntries(pages), twotower: "src/index.ts" },
      preserveEntrySignatures: "exports-only",
      output: {
        // What draws charts is large, and does not count as what it takes to train.
        advancedChunks: { groups: [{ name: "charts", test: /node_modules\/uplot\// }] },
        // The hash comes first, so that a data file's name keeps its ending: `.csv.gz`.
        assetFileNames: "assets/[hash]-[name][extname]",
        entryFileNames: ({ name }) => (name === "twotower" ? "twotower.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
