/** Writes `custom-elements.json`, which describes the element for editors: the analyzer's findings and the attributes. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const www = new URL("../", import.meta.url);

/** Analyses the element's class. */
export function manifest() {
  const cli = fileURLToPath(new URL("node_modules/@custom-elements-manifest/analyzer/cem.js", www));
  const { status, stdout, stderr } = spawnSync("node", [cli, "analyze", "--quiet", "--config", "build/manifest.config.js"], { cwd: www, encoding: "utf8" });
  if (status !== 0) throw new Error(`custom-elements.json could not be written\n${stdout}${stderr}`);
}
