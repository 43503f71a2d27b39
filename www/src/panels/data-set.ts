/** Data sets that the page can train on: their names, their credits, and how they are opened. */

import { type LoadOptions, type Table, Trainer, type TrainerOptions } from "../index.js";
import type { Points } from "./loss-curve.js";
import { addressIn, opened, ships } from "./shipped-files.js";

/** Bytes of files that have arrived, and their total if known. */
export interface Arrived {
  bytes: number;
  total: number | undefined;
}

export interface DataSet {
  id: string;
  title: string;
  /** One line that describes the pairs. */
  summary: string;
  /** Words for a user, an item and a history. */
  words: { user: string; item: string; history: string };
  /** Whether the visitor can change how its files are read. */
  own?: boolean;
  /** Whether the data is already split into train and test. */
  given: boolean;
  /** Creates a fresh trainer on the data. */
  create(options: TrainerOptions, onArrival?: (arrived: Arrived) => void): Promise<Trainer>;
  /** Resumes a saved run. Only a saved run has it. */
  resume?: (options: LoadOptions) => Promise<Trainer>;
  /** Loss curve of a saved run, if known. */
  curve?: Points;
  /** Name of the data of a saved run, if known. */
  trainedOn?: string;
}

/** Default words for users and items. */
export const WORDS: DataSet["words"] = { user: "user", item: "item", history: "History" };

/** A data set that ships with the page, under the terms of its licence. */
export interface ShippedSet extends DataSet {
  credit: { work: string; url: string; licence: string; licenceUrl: string };
}

const ONLINE_RETAIL: ShippedSet = {
  id: "online-retail",
  title: "Online retail",
  summary: "A year of purchases at a British gift shop",
  words: { user: "customer", item: "product", history: "Bought before" },
  given: true,
  create: (options, onArrival) => shipped(options, "online-retail", onArrival),
  credit: {
    work: "Online Retail by Daqing Chen, UCI Machine Learning Repository, 2015",
    url: "https://doi.org/10.24432/C5BW33",
    licence: "CC BY 4.0",
    get licenceUrl() {
      return addressIn("online-retail", "licence");
    },
  },
};

const GOODBOOKS: ShippedSet = {
  id: "goodbooks",
  title: "Goodbooks",
  summary: "Ratings of books by their readers",
  words: { user: "reader", item: "book", history: "Has read" },
  given: true,
  create: (options, onArrival) => shipped(options, "goodbooks", onArrival),
  credit: {
    work: "a subset of goodbooks-10k by Zygmunt Zając, 2017",
    url: "https://github.com/zygmuntz/goodbooks-10k",
    licence: "CC BY-SA 4.0",
    get licenceUrl() {
      return addressIn("goodbooks", "licence");
    },
  },
};

/** Built-in data sets. The first one is the smaller one, with titles that people know. */
export const SHIPPED: readonly ShippedSet[] = [GOODBOOKS, ONLINE_RETAIL].filter(({ id }) => ships(id));

/** Data set that the page opens at first. */
export const FIRST: DataSet = SHIPPED[0] ?? GOODBOOKS;

async function shipped(options: TrainerOptions, set: string, onArrival?: (arrived: Arrived) => void): Promise<Trainer> {
  const [train, test, items] = await Promise.all([opened(set, "train"), opened(set, "test"), opened(set, "items")]);
  if (onArrival) watch([train, test, items], onArrival);
  return Trainer.create({ train, test, items }, options);
}

/** Reports bytes as they arrive. */
function watch(tables: readonly Table[], onArrival: (arrived: Arrived) => void): void {
  const responses = tables.filter((table) => table instanceof Response);
  // A server that compresses a file reports the compressed length.
  const lengths = responses.map(({ headers }) => (headers.has("content-encoding") ? NaN : Number(headers.get("content-length") ?? NaN)));
  const sum = lengths.reduce((sum, length) => sum + length, 0);
  const total = Number.isNaN(sum) ? undefined : sum;
  let bytes = 0;
  for (const response of responses) {
    const write = ({ length }: Uint8Array): void => onArrival({ bytes: (bytes += length), total });
    // The trainer reads its own copy and reports a broken connection.
    response.clone().body?.pipeTo(new WritableStream({ write })).catch(() => undefined);
  }
}
