/** A run as code that repeats it: a script for the API, and a command line. */

import { version } from "../../package.json";
import type { About, Config, OptionSpec } from "../index.js";
import { type DataSet, SHIPPED } from "../panels/data-set.js";
import { SWITCHES } from "../panels/options.js";
import { nested, type Settings, type Value, type Values, valuesOf } from "../panels/settings.js";
import { NAMES } from "../panels/shipped-names.js";
import { fileName, MODEL } from "./downloads.js";

/** A run to repeat. */
export interface Repeated {
  dataSet: DataSet;
  about: About;
  backend: Settings["backend"];
  specs: readonly OptionSpec[];
}

/** Returns the options of a run that differ from the defaults. The result contains at least one option of each group that is on. */
export function changes(config: Config, specs: readonly OptionSpec[]): Values {
  const values = valuesOf(config, specs);
  const usual = new Map(specs.map((spec) => [spec.key, JSON.stringify(spec.default)]));
  // The config contains all values of its preset.
  const keys = Object.keys(values).filter((key) => key !== "preset");
  const kept = new Set(keys.filter((key) => JSON.stringify(values[key]) !== usual.get(key)));
  for (const { group } of SWITCHES) {
    const [first, ...others] = keys.filter((key) => key.startsWith(`${group}.`));
    if (first !== undefined && ![first, ...others].some((key) => kept.has(key))) kept.add(first);
  }
  return Object.fromEntries(keys.filter((key) => kept.has(key)).map((key) => [key, values[key] ?? null]));
}

/** Returns the run as a module that uses the package. */
export function scriptOf(run: Repeated): string {
  const { dataSet, about, backend, specs } = run;
  const lines = ['import { Trainer } from "twotower";', ""];
  if (dataSet.resume) {
    lines.push(`const saved = await fetch("${fileName(dataSet, MODEL)}");`);
    lines.push(`const trainer = await Trainer.load(await saved.blob()${backend === "auto" ? "" : `, { backend: "${backend}" }`});`);
  } else {
    const files = filesOf(run);
    const parts = files.map(([part]) => part);
    const options = { ...nested(changes(about.config, specs)), ...(backend !== "auto" && { backend }) };
    const given = Object.keys(options).length > 0 ? `, ${literal(options)}` : "";
    lines.push(`const folder = "${isShipped(dataSet) ? SHIPPED_FROM + dataSet.id : "."}";`);
    lines.push(`const file = (name) => fetch(\`\${folder}/\${encodeURIComponent(name)}\`);`);
    for (const [part, name] of files) lines.push(`const ${part} = await file(${JSON.stringify(name)});`);
    lines.push(`const trainer = await Trainer.create({ ${parts.join(", ")} }${given});`);
  }
  lines.push("for await (const epoch of trainer.train()) console.log(epoch);");
  lines.push('const [user] = await trainer.users("", 1);');
  lines.push("console.log(await trainer.recommend({ user }, 10));");
  return `${lines.join("\n")}\n`;
}

/** Returns the run as a command line for a checkout of the project. */
export function commandOf(run: Repeated): string {
  const { dataSet, about, backend, specs } = run;
  const words = ["cargo xtask train"];
  if (dataSet.resume) {
    words.push(`--resume ${quoted(fileName(dataSet, MODEL))}`);
  } else {
    if (isShipped(dataSet)) words.push(`--dataset ${dataSet.id}`);
    else for (const [part, name] of filesOf(run)) words.push(`--${part} ${quoted(name)}`);
    for (const [key, value] of Object.entries(changes(about.config, specs))) {
      // The test file implies this option.
      if (key === "split.kind" && value === "given") continue;
      words.push(`--set ${quoted(`${key}=${word(value)}`)}`);
    }
  }
  if (backend !== "auto") words.push(`--backend ${backend}`);
  return words.join(" ");
}

/** Address of the files of this version of the package: a later one may train differently. */
const SHIPPED_FROM = `https://cdn.jsdelivr.net/npm/twotower@${version}/dist/data/`;

function isShipped({ id }: DataSet): boolean {
  return SHIPPED.some((shipped) => shipped.id === id);
}

/** Returns the files of a run by the names of their parts in the API and on the command line. */
function filesOf({ dataSet, about }: Repeated): [part: string, name: string][] {
  const { train, test, items } = NAMES;
  if (isShipped(dataSet)) return Object.entries({ train, test, items });
  // A report contains the name of the unpacked file.
  const packed = dataSet.title.split(", ");
  const nameOf = (file: string): string => packed.find((name) => name.startsWith(`${file}.`)) ?? file;
  return about.data.read.map(({ part, file }) => [part === "all" ? "data" : part, nameOf(file)]);
}

/** Returns options as an object of JavaScript. */
function literal(options: object): string {
  return JSON.stringify(options, null, 2).replace(/^( *)"(\w+)":/gm, "$1$2:");
}

/** Returns a value as `--set` reads it: text that is not JSON needs no quotes. */
function word(value: Value): string {
  return typeof value === "string" && !isJson(value) ? value : JSON.stringify(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Quotes a word for a shell. */
function quoted(text: string): string {
  return /^[\w.,:=@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
