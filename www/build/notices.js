/** Writes `THIRD-PARTY.txt`: the licences of the packages in the scripts, and of the crates in the WebAssembly. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Names of files with a package's licence or notices. */
const LICENCE = /^(licen[cs]e|copying|copyright|notice|unlicense)/i;

/** Writes the file for the bundled modules. */
export function notices(dist, modules) {
  const parts = [
    ["In the scripts, from npm", npmPackages(modules)],
    ["In twotower.wasm, from crates.io", crates()],
  ];
  const bodies = new Map();
  const lists = parts.map(([heading, packages]) => [heading, "", ...packages.map((one) => entry(one, bodies)), ""].join("\n"));
  const texts = [...bodies].map(([body, number]) => `${"-".repeat(78)}\nLicence ${number}\n\n${body}\n`);
  const head = "twotower is MIT OR Apache-2.0. Its built files contain the packages below, each under its own licence.\n";
  writeFileSync(new URL("THIRD-PARTY.txt", dist), [head, ...lists, ...texts].join("\n"));
}

/** Returns a line with a package, its copyright holders and the numbers of its licences. Adds new licences to `bodies`. */
function entry({ name, version, licence, authors, source, folder }, bodies) {
  const texts = licencesIn(folder, licence).map((file) => readFileSync(join(folder, file), "utf8").replace(/\r/g, ""));
  const holders = new Set(texts.flatMap((text) => text.match(HOLDERS) ?? []).map((line) => line.trim()));
  const numbers = texts.map((text) => {
    const body = text.replace(HOLDERS, "").replace(/\n{3,}/g, "\n\n").trim();
    const same = [...bodies.keys()].find((other) => plain(other) === plain(body)) ?? body;
    if (!bodies.has(same)) bodies.set(same, bodies.size + 1);
    return bodies.get(same);
  });
  const where = numbers.length > 0 ? `licence ${[...new Set(numbers)].join(", ")}` : "no text in the package";
  const told = holders.size > 0 && !isStandard(name) ? [...holders] : authors;
  const by = told.length > 0 ? told : [`the authors of ${source}`];
  return `${`${name} ${version}`.trim()}: ${licence}; ${where}${by.map((line) => `\n    ${line}`).join("")}`;
}

/** The standard library, which is part of the compiler; it has the same licence text as this project. */
const STANDARD = { name: "The Rust standard library", version: "", licence: "MIT OR Apache-2.0", authors: ["The Rust Project contributors"], folder: root };
const isStandard = (name) => name === STANDARD.name;

/** Lines that name a copyright holder. They contain a year or a copyright sign, unlike similar lines of licence texts. */
const HOLDERS = /^[ \t]*(?:copyright[ \t]+(?:\(c\)|©|\d)|(?:\(c\)|©)[ \t]*\d)[^\n]*\n?/gim;

/** Returns the text that identifies a licence: without its layout and its appendix on how to use it. */
const plain = (text) => text.toLowerCase().replace(/end of terms and conditions[^]*/, "").replace(/[^a-z0-9]+/g, "");

/** Returns the licence files that apply: MIT only, where the licence offers it as a choice. */
function licencesIn(folder, licence) {
  const files = readdirSync(folder).filter((file) => LICENCE.test(file) && !/\.(rs|js|toml)$/.test(file)).sort();
  const mit = files.filter((file) => /mit/i.test(file));
  if (!/\bMIT\b/.test(licence) || !/\bOR\b|\//.test(licence) || mit.length === 0) return files;
  return /\bAND\b/.test(licence) ? files.filter((file) => !/apache/i.test(file)) : mit;
}

/** Returns the npm packages of the bundled modules. */
function npmPackages(modules) {
  const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll("\\", "/"))?.[0] ?? []));
  return [...folders].sort().map((folder) => {
    const { name, version, license, author, homepage } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return { name, version, licence: license, authors: [author?.name ?? author].filter(Boolean), source: homepage, folder };
  });
}

/** Returns the crates in the compiled crate, without build tools and crates for other targets. */
function crates() {
  const args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", "wasm32-unknown-unknown"];
  const { status, stdout, stderr, error } = spawnSync(process.env.CARGO ?? "cargo", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`the licences of the crates could not be read: is cargo installed?\n${error ?? stderr}`);
  const { packages, resolve } = JSON.parse(stdout);
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const byId = new Map(packages.map((one) => [one.id, one]));
  const isMacro = (id) => byId.get(id).targets.some(({ kind }) => kind.includes("proc-macro"));
  const found = new Set();
  const follow = (id) => {
    if (found.has(id) || isMacro(id)) return;
    found.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) follow(pkg);
  };
  follow(packages.find(({ name, source }) => name === "twotower" && source === null).id);
  const foreign = [...found].map((id) => byId.get(id)).filter(({ source }) => source !== null);
  const described = foreign
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, version, license, authors, repository, manifest_path: manifest }) => ({ name, version, licence: license, authors, source: repository, folder: dirname(manifest) }));
  return [...described, STANDARD];
}
