/** Groups of items, each with one colour on the map. */

import { count, plural } from "../format.js";
import { type Entry, valueIn } from "./catalogue.js";
import type { Clusters } from "./clusters.js";

/** Maximum number of colours: more could not be told apart. With many values, the last one is for the rest. */
export const COLOURS = 8;

/** The group of each item, and the labels of the groups. */
export interface Colouring {
  of: Uint8Array;
  labels: readonly string[];
  /** Whether the groups are steps of one measure. */
  ordered: boolean;
}

/** Groups the items into fifths by their number of training pairs, the rarest first. */
export function byPopularity(entries: readonly Entry[]): Colouring {
  const sorted = entries.map(({ pairs }) => pairs).sort((a, b) => a - b);
  const tops = [...new Set([0.2, 0.4, 0.6, 0.8, 1].map((share) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0))];
  const labels = tops.map((top, ix) => {
    const from = ix === 0 ? (sorted[0] ?? 0) : (tops[ix - 1] ?? 0) + 1;
    return from < top ? `${count(from)}–${count(top)} pairs` : plural(top, "pair");
  });
  return { of: Uint8Array.from(entries, ({ pairs }) => tops.findIndex((top) => pairs <= top)), labels, ordered: true };
}

/** Groups the items by the most frequent values of a column. The last group has all other items. */
export function byFeature(entries: readonly Entry[], column: string): Colouring {
  const sizes = new Map<string, number>();
  const values = entries.map((entry) => valueIn(entry, column));
  for (const value of values) if (value !== undefined) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  const top = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, COLOURS - 1);
  const groups = new Map(top.map(([value], group) => [value, group]));
  const of = Uint8Array.from(values, (value) => groups.get(value ?? "") ?? top.length);
  return { of, labels: [...groups.keys(), "others"], ordered: false };
}

/** Groups the items by the clusters of their vectors. */
export function byCluster({ centres, of }: Clusters): Colouring {
  return { of, labels: centres.map((_, group) => `group ${String(group + 1)}`), ordered: false };
}
