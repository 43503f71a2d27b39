/** A small batch of a run's own pairs, with the vectors that the model has for them now. */

import type { Export, Item, Trainer } from "../../index.js";
import { type Entry, readCatalogue } from "../map/catalogue.js";
import { type Matrix, type MatrixFile, readNpy, rowOf } from "../map/matrix.js";
import { Pace } from "../map/pace.js";
import { type Candidate, type Cell, cellsOf } from "./softmax.js";

/** Maximum number of pairs, and of items of the bank: more would not be legible. */
const PAIRS = 10;
const BANKED = 5;

/** Number of users from whom the pairs are taken. */
const FROM = 1000;

/** Maximum number of users of a run: `score` reads the vectors of all users. */
export const MOST_USERS = 50_000;

/** A pair of the training part. */
export interface Pair {
  user: string;
  item: Item;
}

/** Pairs, and the items of earlier pairs, if the run has a bank. */
export interface Drawn {
  pairs: readonly Pair[];
  banked: readonly Item[];
}

/** Draws pairs of different users. */
export async function draw(trainer: Trainer, random: () => number): Promise<Drawn> {
  const { cbns } = trainer.about.config;
  const users = await trainer.users("", FROM);
  const pairs: Pair[] = [];
  while (pairs.length < PAIRS + (cbns ? BANKED : 0) && users.length > 0) {
    const [user = ""] = users.splice(Math.floor(random() * users.length), 1);
    const history = await trainer.history(user);
    const item = history[Math.floor(random() * history.length)];
    if (item) pairs.push({ user, item });
  }
  return { pairs: pairs.slice(0, PAIRS), banked: pairs.slice(PAIRS).map(({ item }) => item) };
}

/** Asks the model for its vectors, and scores the pairs with each other as its loss does. */
export async function score({ pairs, banked }: Drawn, trainer: Trainer): Promise<Cell[][]> {
  const read = (file: Export): Promise<Uint8Array<ArrayBuffer>> => trainer.export(file);
  const matrix = async (file: MatrixFile): Promise<Matrix> => readNpy(file, await read(file));
  const [users, items] = [await matrix("users.npy"), await matrix("items.npy")];
  const ids = JSON.parse(new TextDecoder().decode(await read("ids.json"))) as { users: string[] };
  const entries = await readCatalogue(await read("metadata.tsv"), new Pace());
  const logQ = logQOf(trainer, entries);
  const rows = new Map(entries.map(({ item }, row) => [item, row]));
  const candidates = [...pairs.map(({ item }) => item), ...banked].map(({ item }): Candidate => {
    const row = rows.get(item) ?? 0;
    return { item, vector: rowOf(items, row), logQ: logQ(row) };
  });
  const vectors = pairs.map(({ user }) => rowOf(users, ids.users.indexOf(user)));
  return cellsOf(vectors, candidates, trainer.about.config.temperature);
}

/** Returns a function of an item's row: the log of its share of the training pairs, or 0 if the run does not subtract it. */
function logQOf({ about: { config } }: Trainer, entries: readonly Entry[]): (row: number) => number {
  const { kind, logQ } = config.negatives;
  if (logQ === false || (kind !== "in-batch" && kind !== "mixed")) return () => 0;
  const sum = entries.reduce((sum, { pairs }) => sum + pairs, 0);
  return (row) => Math.log(Math.max(1, entries[row]?.pairs ?? 1) / sum);
}
