/** Assigns the visitor's own files to the parts of a data set, by their names. */

import { type Source, Trainer } from "../index.js";
import { type DataSet, SHIPPED, WORDS } from "../panels/data-set.js";
import { savedRun } from "./saved-run.js";

/** Returns a data set of dropped or picked files, or the problem if they cannot form one. */
export function ownSet(files: readonly File[]): DataSet | { problem: string } {
  const [only] = files;
  if (files.length === 1 && only && SAVED.test(only.name)) {
    // The page names files after the data set.
    const trainedOn = SHIPPED.find(({ id }) => only.name.startsWith(`${id}-`));
    return savedRun(only, { id: "own", title: only.name, summary: "A saved run", words: trainedOn?.words ?? WORDS });
  }
  const found = ownSource(files);
  if ("problem" in found) return found;
  return {
    id: "own",
    title: named(files),
    summary: "Stays in this page",
    words: WORDS,
    own: true,
    given: found.given,
    create: (options) => Trainer.create(found.source, options),
  };
}

/** Returns the files as a trainer's source and whether they are already split, or the problem if they are no source. */
export function ownSource(files: readonly File[]): { source: Source; given: boolean } | { problem: string } {
  const items = files.find(({ name }) => ITEMS.test(name));
  // A single file contains interactions, even if it is named like a table of users.
  const users = files.length > 1 ? files.find(({ name }) => USERS.test(name)) : undefined;
  const sides = { ...(items && { items }), ...(users && { users }) };
  const tables = files.filter((file) => file !== items && file !== users);
  const table = (pattern: RegExp): File | undefined => tables.find(({ name }) => pattern.test(name));
  const [train, test, validation] = [table(TRAIN), table(TEST), table(VALIDATION)];
  const data = tables[0];

  if (tables.length > 1 && train && test) {
    return { given: true, source: { train, test, ...(validation && { validation }), ...sides } };
  }
  if (tables.length === 1 && data) return { given: false, source: { data, ...sides } };
  return {
    problem: `${named(files)}: give one file of interactions, or one with “train” and one with “test” in its name. Titles and features are optional, in items.csv and users.csv`,
  };
}

/** Names of saved runs. */
const SAVED = /\.safetensors$/i;

/** Names of item tables, including MovieLens' names. */
const ITEMS = /^(u\.item|(items|titles|movies|books|products)\.\w+)/i;
/** Names of user tables. */
const USERS = /^(u\.user|users\.\w+)/i;
const TRAIN = /train/i;
const TEST = /test/i;
const VALIDATION = /valid/i;

function named(files: readonly File[]): string {
  return files.map(({ name }) => name).join(", ");
}
