/** Files of the data sets that ship with the package. The offline page has its own version of this file. */

import { addressOf } from "../addresses.js";
import { type Table, TwoTowerError } from "../index.js";
import { NAMES } from "./shipped-names.js";

type PartOfSet = keyof typeof NAMES;

/** URLs of the files. Bundlers find them by these exact expressions. */
const FILES: Record<string, Record<PartOfSet, URL>> = {
  "online-retail": {
    train: new URL("./data/online-retail/train.csv.gz", import.meta.url),
    test: new URL("./data/online-retail/test.csv.gz", import.meta.url),
    items: new URL("./data/online-retail/items.csv", import.meta.url),
    licence: new URL("./data/online-retail/LICENSE.txt", import.meta.url),
  },
  goodbooks: {
    train: new URL("./data/goodbooks/train.csv.gz", import.meta.url),
    test: new URL("./data/goodbooks/test.csv.gz", import.meta.url),
    items: new URL("./data/goodbooks/items.csv", import.meta.url),
    licence: new URL("./data/goodbooks/LICENSE.txt", import.meta.url),
  },
};

/** Returns whether a data set is included. */
export function ships(set: string): boolean {
  return set in FILES;
}

/** Returns the address of a file: in the configured folder, or next to the package. */
export function addressIn(set: string, part: PartOfSet): string {
  const folder = addressOf("dataUrl");
  if (folder !== undefined) return new URL(`${set}/${NAMES[part]}`, folder).href;
  return FILES[set]?.[part].href ?? "";
}

/** Opens a file. */
export async function opened(set: string, part: PartOfSet): Promise<Table> {
  const url = addressIn(set, part);
  const refused = (problem: string, cause?: unknown): TwoTowerError => {
    const advice = "set the data folder with `configure({ dataUrl })` or the attribute `data-url`";
    return new TwoTowerError("data", `${url}: ${problem}; ${advice}`, { file: url, problem, lines: [], option: "dataUrl" }, { cause });
  };
  // The trainer itself is downloaded first, so that it is compiled while the data arrives.
  const response = await fetch(url, { priority: "low" }).catch((cause: unknown) => {
    throw refused("the data set could not be fetched", cause);
  });
  if (!response.ok) throw refused(`the server answered ${String(response.status)} for the data set`);
  if (response.headers.get("content-type")?.startsWith("text/html")) throw refused("the server answered HTML for the data set");
  return response;
}
