/** Writes the type declarations of the package's entries and of the files that they import, and no others. */

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";

const www = new URL("../", import.meta.url);

/** Compiles the declarations into `dist/types`. */
export function types() {
  const folder = new URL("dist/types/", www);
  const { status } = spawnSync("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], { cwd: www, stdio: "inherit" });
  if (status !== 0) process.exit(1);
  // The compiler does not copy hand-written declarations.
  cpSync(new URL("src/element/jsx.d.ts", www), new URL("element/jsx.d.ts", folder));
  const published = new Set();
  for (const entry of entries()) follow(new URL(entry, www), published);
  for (const file of readdirSync(folder, { recursive: true })) {
    const url = new URL(file, folder);
    if (file.endsWith(".d.ts") && !published.has(url.href)) rmSync(url);
  }
}

/** Returns the declarations that `package.json` names. */
function entries() {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", www), "utf8"));
  return Object.values(exports).flatMap(({ types }) => types ?? []);
}

/** Adds a file and its imports, also indirect ones. */
function follow(file, found) {
  if (found.has(file.href)) return;
  found.add(file.href);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/^(?:import|export) [^;]*?"(\.[^"]+)\.js";/gm)) {
    follow(new URL(`${path}.d.ts`, file), found);
  }
}
