/** Recommendations of many users as CSV. */

import { type Recommendation, type Trainer, TwoTowerError } from "../index.js";

/** Users per call: the worker answers other calls between two blocks. */
const BLOCK = 256;

const HEADER = "user,rank,item,title,score\n";

/** A part of the file. */
export interface Block {
  text: string;
  /** Users that are done so far. */
  users: number;
  /** Lists in this part. */
  lists: number;
}

/** Yields the file in blocks. Users who are not in the training data have no lines. */
export async function* recommendationsCsv(trainer: Trainer, users: readonly string[], k: number): AsyncGenerator<Block, void, undefined> {
  yield { text: HEADER, users: 0, lists: 0 };
  for (let start = 0; start < users.length; start += BLOCK) {
    const block = users.slice(start, start + BLOCK);
    const lists = await listsOf(trainer, block, k);
    const lines = lists.flatMap((list, ix) => list.map((item, rank) => line(block[ix] ?? "", rank + 1, item)));
    yield { text: lines.join(""), users: start + block.length, lists: lists.filter(({ length }) => length > 0).length };
  }
}

async function listsOf(trainer: Trainer, users: readonly string[], k: number): Promise<Recommendation[][]> {
  try {
    return await trainer.recommendAll(users, k);
  } catch (thrown) {
    // A block with only unknown users is rejected. In other blocks, unknown users get empty lists.
    if (thrown instanceof TwoTowerError && thrown.code === "unknown-id") return [];
    throw thrown;
  }
}

function line(user: string, rank: number, { item, title, score }: Recommendation): string {
  return `${[cell(user), rank, cell(item), cell(title ?? ""), Number(score.toPrecision(DIGITS))].join()}\n`;
}

/** Digits of a score: a 32-bit number has seven. */
const DIGITS = 7;

/**
 * Returns text as a cell. Text that a spreadsheet would read as a formula gets an apostrophe in front. Numbers stay
 * numbers, also negative ones.
 */
export function cell(text: string): string {
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  const safe = !isNumber && FORMULA.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Matches signs that begin a formula, also full-width ones and after blanks. Also matches a tab or a line break at the
 * beginning, which may end the previous cell.
 */
const FORMULA = /^(\s*[=+\-@＝＋－＠]|[\t\r\n])/;
