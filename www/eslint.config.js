import js from "@eslint/js";
import { configs as lit } from "eslint-plugin-lit";
import a11y from "eslint-plugin-lit-a11y";
import { defineConfig, globalIgnores } from "eslint/config";
import globals from "globals";
import ts from "typescript-eslint";

export default defineConfig(
  // The JSX types are checked by a consumer of the package, which has React.
  globalIgnores(["dist", "src/wasm", "tests/out", "src/element/jsx.d.ts"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["src/**/*.ts"],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked, lit["flat/recommended"], a11y.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Event handlers read better in one line.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["src/node*.ts"],
    languageOptions: { parserOptions: { projectService: false, project: "tsconfig.node.json" } },
  },
  { files: ["**/*.js"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
