/** What the visitor has set: option values by key, and the backend. */

import type { Backend, PartialConfig } from "../index.js";

export type Value = string | number | boolean | null;

export interface Settings {
  backend: Backend | "auto";
  /** Values by dotted key; an option that is not here has its default. */
  values: Readonly<Record<string, Value>>;
}

/** The values as nested options. */
export function nested(values: Readonly<Record<string, Value>>): PartialConfig {
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
