/** A batch as the loss sees it: every user against every candidate. */

import { dot } from "../map/matrix.js";

/** An item that the users of a batch are scored with. */
export interface Candidate {
  item: string;
  vector: ArrayLike<number>;
  /** Log of the probability that it is a candidate; 0 if logits are not corrected. */
  logQ: number;
}

/** A user and a candidate. */
export interface Cell {
  /** The score, divided by the temperature and corrected by log q. */
  logit: number;
  /** The candidate's share in the softmax of the row. */
  share: number;
  /** Derivative of the row's loss by the logit: below 0 the two are pulled together, above 0 they are pushed apart. */
  slope: number;
  /** Whether this column repeats the item of the row's positive, so that it is not a negative. */
  hit: boolean;
}

/** Returns the cells of each row. The positive of row n is candidate n; the last candidates may be a bank's. */
export function cellsOf(users: readonly ArrayLike<number>[], candidates: readonly Candidate[], temperature: number): Cell[][] {
  return users.map((user, row) => {
    const logits = candidates.map(({ vector, logQ }) => dot(user, vector) / temperature - logQ);
    const hits = candidates.map(({ item }, column) => column !== row && item === candidates[row]?.item);
    const top = Math.max(...logits.filter((_, column) => !hits[column]));
    const weights = logits.map((logit, column) => (hits[column] ? 0 : Math.exp(logit - top)));
    const sum = weights.reduce((sum, weight) => sum + weight, 0);
    return logits.map((logit, column) => {
      const share = (weights[column] ?? 0) / sum;
      return { logit, share, slope: share - (column === row ? 1 : 0), hit: hits[column] ?? false };
    });
  });
}

/** Returns the mean loss of the rows: minus the log of the positive's share. */
export function lossOf(rows: readonly (readonly Cell[])[]): number {
  return rows.reduce((sum, cells, row) => sum - Math.log(cells[row]?.share ?? 1), 0) / rows.length;
}
