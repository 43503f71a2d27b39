/** Files of the data sets that the offline page carries: takes the place of `panels/shipped-files.ts`. */

import type { Table } from "../index.js";
import { inlined } from "./inlined.js";

/** Names of the carried files, by data set and part. */
const FILES: Record<string, Record<string, string>> = {
  "online-retail": { train: "train.csv", test: "test.csv", items: "items.csv" },
};

/** Whether a data set is there. */
export function ships(set: string): boolean {
  return set in FILES;
}

/** The licence's own page: the page has no other file to link to. */
export function addressIn(): string {
  return "https://creativecommons.org/licenses/by/4.0/";
}

/** Opens a file. */
export function opened(set: string, part: string): Promise<Table> {
  return inlined(FILES[set]?.[part] ?? part);
}
