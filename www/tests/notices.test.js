/** Tests that the built files contain the notices of their dependencies. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const TEXT = readFileSync(new URL("../dist/THIRD-PARTY.txt", import.meta.url), "utf8");

test("the notices name packages and crates with their holders and licences", () => {
  for (const name of ["lit", "lit-html", "@lit/reactive-element", "comlink", "uplot", "wgpu", "naga", "serde_json", "memchr", "hashbrown", "wasm-bindgen"]) {
    const [, licences, holder] = new RegExp(`^${name} \\d\\S*: .*; licence ([\\d, ]+)\\n {4}(.+)$`, "m").exec(TEXT) ?? assert.fail(`${name} is missing`);
    assert.match(holder, /\w{3}/, name);
    for (const number of licences.split(", ")) assert.match(TEXT, new RegExp(`^Licence ${number}\\n\\n.{10}`, "m"), name);
  }
  assert.match(TEXT, /Permission is hereby granted[^]*WITHOUT WARRANTY OF ANY KIND/);
  assert.match(TEXT, /Redistributions in binary form must reproduce the above copyright/);
  assert.doesNotMatch(TEXT, /\n(criterion|clap|vite|rolldown|typescript) /, "build tools are not listed");
  assert.doesNotMatch(TEXT, /\/(home|root|Users|work)\//, "no path of the machine");
});
