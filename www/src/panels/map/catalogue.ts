/** Reads the items of the map from `metadata.tsv`, in the order of their vectors. */

import type { Pace } from "./pace.js";

/** An item of the data. */
export interface Entry {
  item: string;
  title: string;
  /** Number of its training pairs. */
  pairs: number;
  /** Values of its features, such as `language=eng`; empty if the item tower uses none. */
  features: string;
}

/** Reads the file. */
export async function readCatalogue(file: Uint8Array, pace: Pace): Promise<Entry[]> {
  const [, ...lines] = new TextDecoder().decode(file).trimEnd().split("\n");
  const entries: Entry[] = [];
  for (const line of lines) {
    const [item = "", title = "", pairs = "0", features = ""] = line.split("\t");
    entries.push({ item, title, pairs: Number(pairs), features });
    if (entries.length % 256 === 0) await pace.rest();
  }
  return entries;
}

/** Returns the columns of the features, found in the first 1,000 items. */
export function columnsOf(entries: readonly Entry[]): string[] {
  const columns = new Set<string>();
  for (const { features } of entries.slice(0, 1000)) for (const value of valuesOf(features)) columns.add(nameOf(value));
  return [...columns].sort();
}

/** Returns an item's first value in a column. */
export function valueIn({ features }: Entry, column: string): string | undefined {
  return valuesOf(features)
    .find((value) => nameOf(value) === column)
    ?.slice(column.length + 1);
}

function valuesOf(features: string): string[] {
  return features === "" ? [] : features.split(" | ");
}

function nameOf(value: string): string {
  return value.slice(0, value.indexOf("="));
}
