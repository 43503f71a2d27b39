/** Files of the data set in the offline page. This file replaces `panels/shipped-files.ts`. */

import type { Table } from "../index.js";
import { inlined } from "./inlined.js";

/** Names of the included files, by data set and part. */
const FILES: Record<string, Record<string, string>> = {
  "online-retail": { train: "train.csv", test: "test.csv", items: "items.csv" },
};

/** Returns whether a data set is included. */
export function ships(set: string): boolean {
  return set in FILES;
}

/** Returns the address of the licence's web page: the offline page has no file to link to. */
export function addressIn(): string {
  return "https://creativecommons.org/licenses/by/4.0/";
}

/** Opens a file. */
export function opened(set: string, part: string): Promise<Table> {
  return inlined(FILES[set]?.[part] ?? part);
}
