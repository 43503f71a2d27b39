import { readdirSync } from "node:fs";

import { defineConfig } from "vite";

const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".html"));

/** Every page beside this file, and the package that they all use, in one build. */
export default defineConfig({
  base: "./",
  worker: { format: "es" },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: [...pages, "src/index.ts"],
      preserveEntrySignatures: "exports-only",
      output: {
        entryFileNames: ({ facadeModuleId }) =>
          facadeModuleId?.endsWith("src/index.ts") ? "twotower.js" : "assets/[name]-[hash].js",
      },
    },
  },
});
