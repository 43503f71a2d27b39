/** Checks text against the package's types, as a program that uses the package would be. */

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import { OUT } from "./browser.js";

/** What the compiler finds wrong with a module. */
export function complaints(module) {
  mkdirSync(OUT, { recursive: true });
  const file = fileURLToPath(new URL("module.ts", OUT));
  writeFileSync(file, module);
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2024.d.ts", "lib.dom.d.ts", "lib.dom.asynciterable.d.ts"],
    types: [],
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
