/** A folder for programs of Node.js that have the package installed, without the npm package `webgpu`. */

import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { ratings, titles } from "./ratings.js";

const WWW = fileURLToPath(new URL("..", import.meta.url));

/** Creates a folder with the package and the files `ratings.csv` and `items.csv`. */
export function installed() {
  const folder = mkdtempSync(join(tmpdir(), "twotower-"));
  const home = join(folder, "node_modules/twotower");
  const isPublished = (path) => !["data", "types"].includes(basename(path));
  mkdirSync(home, { recursive: true });
  cpSync(join(WWW, "package.json"), join(home, "package.json"));
  cpSync(join(WWW, "dist"), join(home, "dist"), { recursive: true, filter: isPublished });
  writeFileSync(join(folder, "ratings.csv"), ratings());
  writeFileSync(join(folder, "items.csv"), titles());
  return folder;
}
