/** Files of the visitor's own, given their parts by their names. */

import { type Source, Trainer } from "../index.js";
import type { DataSet } from "./data-set.js";
import { savedRun } from "./saved-run.js";

/** A data set of dropped or picked files, or why they make none. */
export function ownSet(files: readonly File[]): DataSet | { problem: string } {
  const [only] = files;
  if (files.length === 1 && only && SAVED.test(only.name)) {
    return savedRun(only, { id: "own", title: only.name, summary: "A saved run", words: WORDS });
  }
  const items = files.find(({ name }) => ITEMS.test(name));
  const tables = files.filter((file) => file !== items);
  const named = (pattern: RegExp): File | undefined => tables.find(({ name }) => pattern.test(name));
  const [train, test, validation] = [named(TRAIN), named(TEST), named(VALIDATION)];
  const data = tables[0];

  if (tables.length > 1 && train && test) {
    return set(files, true, { train, test, ...(validation && { validation }), ...(items && { items }) });
  }
  if (tables.length === 1 && data) return set(files, false, { data, ...(items && { items }) });
  const names = files.map(({ name }) => name).join(", ");
  return {
    problem: `${names}: give one file of interactions, or one with “train” and one with “test” in its name; titles may come along in items.csv`,
  };
}

/** The name that a saved run has. */
const SAVED = /\.safetensors$/i;

/** What users and items are called where nobody knows. */
const WORDS = { user: "user", item: "item", history: "Has already" };

/** Names that item tables have, MovieLens' among them. */
const ITEMS = /^(u\.item|(items|titles|movies|books|products)\.\w+)/i;
const TRAIN = /train/i;
const TEST = /test/i;
const VALIDATION = /valid/i;

function set(files: readonly File[], given: boolean, source: Source): DataSet {
  const names = files.map(({ name }) => name).join(", ");
  return {
    id: "own",
    title: names,
    summary: "Stays in this page",
    words: WORDS,
    given,
    create: (options) => Trainer.create(source, options),
  };
}
