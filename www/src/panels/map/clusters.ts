/** Groups of vectors that lie close together, by k-means. */

import { add, dot, type Matrix, rowOf, sampled } from "./matrix.js";
import type { Pace } from "./pace.js";

/** Number of groups: one for each colour. */
export const CLUSTERS = 8;

/** Maximum number of rows that the centres are fitted to. */
const FITTED = 2048;

const ROUNDS = 8;

/** Centres of groups, and the group of each row. */
export interface Clusters {
  centres: Float64Array[];
  of: Uint8Array;
}

/** Groups the rows. Starts from the centres of the previous epoch, if given, so that the groups keep their order. */
export async function cluster(matrix: Matrix, pace: Pace, before?: Clusters): Promise<Clusters> {
  const rows = sampled(matrix, FITTED);
  let centres = before?.centres[0]?.length === matrix.width ? before.centres : farApart(rows);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = centres.map(() => new Float64Array(matrix.width));
    const sizes = centres.map(() => 0);
    for (const row of rows) {
      const group = nearest(row, centres);
      const sum = sums[group];
      if (sum) add(sum, 1, row);
      sizes[group] = (sizes[group] ?? 0) + 1;
      await pace.rest();
    }
    centres = sums.map((sum, group) => (sizes[group] ? sum.map((value) => value / (sizes[group] ?? 1)) : (centres[group] ?? sum)));
  }
  const of = new Uint8Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    of[row] = nearest(rowOf(matrix, row), centres);
    if (row % 64 === 0) await pace.rest();
  }
  return { centres, of };
}

/** Returns rows to start with, each as far as possible from the earlier ones. */
function farApart(rows: readonly Float32Array[]): Float64Array[] {
  const picked: Float32Array[] = rows.slice(0, 1);
  const away = rows.map((row) => distance(row, picked[0] ?? row));
  while (picked.length < Math.min(CLUSTERS, rows.length)) {
    const farthest = rows[away.indexOf(Math.max(...away))];
    if (farthest === undefined) break;
    picked.push(farthest);
    rows.forEach((row, ix) => (away[ix] = Math.min(away[ix] ?? 0, distance(row, farthest))));
  }
  return picked.map((row) => Float64Array.from(row));
}

function nearest(row: Float32Array, centres: readonly Float64Array[]): number {
  let [best, least] = [0, Infinity];
  centres.forEach((centre, group) => {
    // The squared distance without the row's own length, which is the same for all centres.
    const away = dot(centre, centre) - 2 * dot(row, centre);
    if (away < least) [best, least] = [group, away];
  });
  return best;
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return dot(a, a) + dot(b, b) - 2 * dot(a, b);
}
