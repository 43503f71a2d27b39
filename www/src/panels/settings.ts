/** Settings of the visitor: option values by key, and the backend. */

import type { Backend, OptionSpec, PartialConfig, RunOptions } from "../index.js";
import type { DataSet } from "./data-set.js";

export type Value = OptionSpec["default"];

/** Values by dotted key; a missing option has its default. */
export type Values = Readonly<Record<string, Value>>;

export interface Settings {
  backend: Backend | "auto";
  values: Values;
}

/** Default settings. */
export const DEFAULTS: Settings = { backend: "auto", values: {} };

/** Returns the options of a run with these settings, on data that is already split (`given`) or not. */
export function runOptions({ backend, values }: Settings, { given, resume }: Pick<DataSet, "given" | "resume">): RunOptions {
  // A saved run keeps the options that its data was read with.
  if (resume) values = withoutData(values);
  else if (given) values = { ...values, "split.kind": "given" };
  return { ...nested(values), backend };
}

/** Returns whether an option sets how data is read and split. */
export function isOfData(key: string): boolean {
  return /^(split|data)\./.test(key);
}

/** Returns the values of options that set how data is read and split. */
export function ofData(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => isOfData(key)));
}

/** Returns the values of all other options. */
export function withoutData(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !isOfData(key)));
}

/** Returns the values that a config sets, of the known options. */
export function valuesOf(config: PartialConfig, specs: readonly OptionSpec[]): Values {
  const found = specs.map(({ key }) => {
    const value = key.split(".").reduce<unknown>((node, part) => (Object(node) as Record<string, unknown>)[part], config);
    return [key, value as Value | undefined] as const;
  });
  return Object.fromEntries(found.filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/** Returns the values of a nested config by dotted key. An empty group gets its defaults. Unknown keys stay. */
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

/** Returns the values as nested options. */
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

/** Returns whether two settings describe the same run. */
export function same(a: Settings, b: Settings): boolean {
  return a.backend === b.backend && JSON.stringify(nested(a.values)) === JSON.stringify(nested(b.values));
}
