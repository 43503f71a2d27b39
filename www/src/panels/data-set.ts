/** The data that the page can train on: what it is, whose it is, and how it is opened. */

import { type LoadOptions, type Table, Trainer, type TrainerOptions } from "../index.js";
import type { Points } from "./loss-curve.js";
import { addressIn, opened, ships } from "./shipped-files.js";

/** Bytes of files that have arrived, and of all there are if that is known. */
export interface Arrived {
  bytes: number;
  total: number | undefined;
}

export interface DataSet {
  id: string;
  title: string;
  /** One line on what the pairs are. */
  summary: string;
  /** Words for a user, an item and a history. */
  words: { user: string; item: string; history: string };
  /** Whether the visitor can say how its files are read. */
  own?: boolean;
  /** Whether train and test are parts of their own. */
  given: boolean;
  /** A fresh trainer on it. */
  create(options: TrainerOptions, onArrival?: (arrived: Arrived) => void): Promise<Trainer>;
  /** The trainer of a saved run, where it is one. */
  resume?: (options: LoadOptions) => Promise<Trainer>;
  /** The loss curve that a saved run had, where it is known. */
  curve?: Points;
  /** Name of the data of a saved run, if known. */
  trainedOn?: string;
}

/** Words for users and items of data without words of its own. */
export const WORDS: DataSet["words"] = { user: "user", item: "item", history: "Has already" };

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
  summary: "Which books readers have rated",
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

/** The first one is the smaller one, with titles that people know. */
export const SHIPPED: readonly ShippedSet[] = [GOODBOOKS, ONLINE_RETAIL].filter(({ id }) => ships(id));

/** The set that the page opens on. */
export const FIRST: DataSet = SHIPPED[0] ?? GOODBOOKS;

async function shipped(options: TrainerOptions, set: string, onArrival?: (arrived: Arrived) => void): Promise<Trainer> {
  const [train, test, items] = await Promise.all([opened(set, "train"), opened(set, "test"), opened(set, "items")]);
  if (onArrival) watch([train, test, items], onArrival);
  return Trainer.create({ train, test, items }, options);
}

/** Tells of bytes as they arrive. */
function watch(tables: readonly Table[], onArrival: (arrived: Arrived) => void): void {
  const responses = tables.filter((table) => table instanceof Response);
  // A server that packs a file tells the length of what it sends, not of what arrives.
  const lengths = responses.map(({ headers }) => (headers.has("content-encoding") ? NaN : Number(headers.get("content-length") ?? NaN)));
  const sum = lengths.reduce((sum, length) => sum + length, 0);
  const total = Number.isNaN(sum) ? undefined : sum;
  let bytes = 0;
  for (const response of responses) {
    const write = ({ length }: Uint8Array): void => onArrival({ bytes: (bytes += length), total });
    // The trainer's own copy tells of a connection that breaks.
    response.clone().body?.pipeTo(new WritableStream({ write })).catch(() => undefined);
  }
}
