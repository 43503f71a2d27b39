/** Files of the visitor's own, given their parts by their names. */

import { type Source, Trainer } from "../index.js";
import { type DataSet, SHIPPED, WORDS } from "../panels/data-set.js";
import { savedRun } from "./saved-run.js";

/** A data set of dropped or picked files, or why they make none. */
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

/** What the files are to a trainer, and whether they were split before; or why they are nothing. */
export function ownSource(files: readonly File[]): { source: Source; given: boolean } | { problem: string } {
  const items = files.find(({ name }) => ITEMS.test(name));
  // By itself it is one of interactions, whatever its name.
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
    problem: `${named(files)}: give one file of interactions, or one with “train” and one with “test” in its name; titles and features may come along in items.csv and users.csv`,
  };
}

/** The name that a saved run has. */
const SAVED = /\.safetensors$/i;

/** Names that item tables have, MovieLens' among them. */
const ITEMS = /^(u\.item|(items|titles|movies|books|products)\.\w+)/i;
/** Names of user tables. */
const USERS = /^(u\.user|users\.\w+)/i;
const TRAIN = /train/i;
const TEST = /test/i;
const VALIDATION = /valid/i;

function named(files: readonly File[]): string {
  return files.map(({ name }) => name).join(", ");
}
