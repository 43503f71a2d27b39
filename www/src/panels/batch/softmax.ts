/** A batch as the loss sees it: every user against every candidate. */

import { dot } from "../map/matrix.js";

/** An item that the users of a batch are scored with. */
export interface Candidate {
  item: string;
  vector: ArrayLike<number>;
  /** Log of its probability to be a candidate; 0 where logits are not corrected. */
  logQ: number;
}

/** A user and a candidate. */
export interface Cell {
  /** The score, divided by the temperature and corrected by log q. */
  logit: number;
  /** The candidate's share in the softmax of the row. */
  share: number;
  /** The loss's slope: below 0 the two are pulled together, above 0 they are pushed apart. */
  slope: number;
  /** Whether its item equals the row's positive in another column: it is not a negative. */
  hit: boolean;
}

/** Returns the cells of each row. The positive of row n is candidate n; candidates after those of the batch are a bank's. */
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
