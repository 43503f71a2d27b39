/** The data that the page can train on: what it is, whose it is, and how it is opened. */

import { type LoadOptions, Trainer, type TrainerOptions } from "../index.js";
import type { Points } from "./loss-curve.js";
import { addressIn, opened, ships } from "./shipped-files.js";

export interface DataSet {
  id: string;
  title: string;
  /** One line on what the pairs are. */
  summary: string;
  /** What a user, an item and a history are called. */
  words: { user: string; item: string; history: string };
  /** Whether the visitor can say how its files are read. */
  own?: boolean;
  /** Whether train and test are parts of their own. */
  given: boolean;
  /** A fresh trainer on it. */
  create(options: TrainerOptions): Promise<Trainer>;
  /** The trainer of a saved run, where it is one. */
  resume?: (options: LoadOptions) => Promise<Trainer>;
  /** The loss curve that a saved run had, where it is known. */
  curve?: Points;
  /** What the data of a saved run is called, where that is known. */
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
  create: (options) => shipped(options, "online-retail"),
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
  create: (options) => shipped(options, "goodbooks"),
  credit: {
    work: "a subset of goodbooks-10k by Zygmunt Zając, 2017",
    url: "https://github.com/zygmuntz/goodbooks-10k",
    licence: "CC BY-SA 4.0",
    get licenceUrl() {
      return addressIn("goodbooks", "licence");
    },
  },
};

export const SHIPPED: readonly ShippedSet[] = [ONLINE_RETAIL, GOODBOOKS].filter(({ id }) => ships(id));

/** The set that the page opens on. */
export const FIRST: DataSet = ONLINE_RETAIL;

async function shipped(options: TrainerOptions, set: string): Promise<Trainer> {
  const [train, test, items] = await Promise.all([opened(set, "train"), opened(set, "test"), opened(set, "items")]);
  return Trainer.create({ train, test, items }, options);
}
