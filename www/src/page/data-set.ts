/** The data that the page can train on: what it is, whose it is, and how it is opened. */

import { type LoadOptions, type Source, Trainer, type TrainerOptions } from "../index.js";

import booksItems from "../../data/goodbooks/items.csv?url";
import booksLicence from "../../data/goodbooks/LICENSE.txt?url";
import booksTest from "../../data/goodbooks/test.csv.gz?url";
import booksTrain from "../../data/goodbooks/train.csv.gz?url";
import retailItems from "../../data/online-retail/items.csv?url";
import retailLicence from "../../data/online-retail/LICENSE.txt?url";
import retailTest from "../../data/online-retail/test.csv.gz?url";
import retailTrain from "../../data/online-retail/train.csv.gz?url";

export interface DataSet {
  id: string;
  title: string;
  /** One line on what the pairs are. */
  summary: string;
  /** What a user, an item and a history are called. */
  words: { user: string; item: string; history: string };
  /** Whether train and test are parts of their own. */
  given: boolean;
  /** A fresh trainer on it. */
  create(options: TrainerOptions): Promise<Trainer>;
  /** The trainer of a saved run, where it is one. */
  resume?: (options: LoadOptions) => Promise<Trainer>;
}

/** A data set that ships with the page, under the terms of its licence. */
export interface ShippedSet extends DataSet {
  credit: { work: string; url: string; licence: string; licenceUrl: string };
}

const RETAIL: ShippedSet = {
  id: "online-retail",
  title: "Online retail",
  summary: "A year of purchases at a British gift shop",
  words: { user: "customer", item: "product", history: "Bought before" },
  given: true,
  create: (options) => fetched(options, { train: retailTrain, test: retailTest, items: retailItems }),
  credit: {
    work: "Online Retail by Daqing Chen, UCI Machine Learning Repository, 2015",
    url: "https://doi.org/10.24432/C5BW33",
    licence: "CC BY 4.0",
    licenceUrl: retailLicence,
  },
};

const BOOKS: ShippedSet = {
  id: "goodbooks",
  title: "Goodbooks",
  summary: "Which books readers have rated",
  words: { user: "reader", item: "book", history: "Has read" },
  given: true,
  create: (options) => fetched(options, { train: booksTrain, test: booksTest, items: booksItems }),
  credit: {
    work: "a subset of goodbooks-10k by Zygmunt Zając, 2017",
    url: "https://github.com/zygmuntz/goodbooks-10k",
    licence: "CC BY-SA 4.0",
    licenceUrl: booksLicence,
  },
};

export const SHIPPED: readonly ShippedSet[] = [RETAIL, BOOKS];

/** The set that the page opens on. */
export const FIRST: DataSet = RETAIL;

async function fetched(options: TrainerOptions, urls: { train: string; test: string; items: string }): Promise<Trainer> {
  const answers = Object.entries(urls).map(async ([part, url]) => [part, await fetch(url)] as const);
  return Trainer.create(Object.fromEntries(await Promise.all(answers)) as Source, options);
}
