/** Settings of the visitor: option values by key, and the backend. */

import type { Backend, OptionSpec, PartialConfig, RunOptions } from "../index.js";
import type { DataSet } from "./data-set.js";

export type Value = OptionSpec["default"];

/** Values by dotted key; an option that is not here has its default. */
export type Values = Readonly<Record<string, Value>>;

export interface Settings {
  backend: Backend | "auto";
  values: Values;
}

/** Settings that nobody has changed. */
export const DEFAULTS: Settings = { backend: "auto", values: {} };

/** The options of a run with these settings, on data that has its parts given or is still to be split. */
export function runOptions({ backend, values }: Settings, { given, resume }: Pick<DataSet, "given" | "resume">): RunOptions {
  // How the data of a saved run was read stays as it is.
  if (resume) values = withoutData(values);
  else if (given) values = { ...values, "split.kind": "given" };
  return { ...nested(values), backend };
}

/** Whether an option says how data is read and split. */
export function isOfData(key: string): boolean {
  return /^(split|data)\./.test(key);
}

/** The values of options that say how data is read and split. */
export function ofData(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => isOfData(key)));
}

/** The values of all other options. */
export function withoutData(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !isOfData(key)));
}

/** The values that options have, of those that there are. */
export function valuesOf(config: PartialConfig, specs: readonly OptionSpec[]): Values {
  const found = specs.map(({ key }) => {
    const value = key.split(".").reduce<unknown>((node, part) => (Object(node) as Record<string, unknown>)[part], config);
    return [key, value as Value | undefined] as const;
  });
  return Object.fromEntries(found.filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/** The values of options as they are nested in a config; an empty group has its defaults. Unknown keys stay. */
export function flat(config: object, specs: readonly OptionSpec[]): Values {
  const values: Record<string, Value> = {};
  const walk = (node: object, prefix: string): void => {
    for (const [name, value] of Object.entries(node) as [string, unknown][]) {
      const key = prefix + name;
      if (typeof value !== "object" || value === null || Array.isArray(value)) values[key] = value as Value;
      else if (Object.keys(value).length > 0) walk(value, `${key}.`);
      else for (const spec of specs) if (spec.key.startsWith(`${key}.`)) values[spec.key] = spec.default;
    }
  };
  walk(config, "");
  return values;
}

/** The values as nested options. */
export function nested(values: Values): PartialConfig {
  const root: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const path = key.split(".");
    const last = path.pop() ?? key;
    let node = root;
    for (const part of path) node = (node[part] ??= {}) as Record<string, unknown>;
    node[last] = value;
  }
  return root;
}

/** Whether two settings ask for the same run. */
export function same(a: Settings, b: Settings): boolean {
  return a.backend === b.backend && JSON.stringify(nested(a.values)) === JSON.stringify(nested(b.values));
}
