/** The plane through the vectors on which they differ most: their first two principal axes. */

import { add, dot, type Matrix, rowOf, sampled, unit } from "./matrix.js";
import type { Pace } from "./pace.js";

/** A centre and two axes at right angles, of length 1. */
export interface Plane {
  centre: Float64Array;
  axes: readonly [Float64Array, Float64Array];
}

/** Maximum number of rows that a plane is fitted to: 4,096 rows have nearly the principal axes of all rows. */
const FITTED = 4096;

/** Rounds of the iteration: fewer if it starts with the plane of the epoch before. */
const ROUNDS = { first: 24, next: 8 };

/** Fits a plane by orthogonal iteration, which needs no covariance matrix: two passes over the rows in each round. */
export async function fitPlane(matrix: Matrix, pace: Pace, before?: Plane): Promise<Plane> {
  const rows = sampled(matrix, FITTED);
  const centre = new Float64Array(matrix.width);
  for (const row of rows) add(centre, 1 / rows.length, row);
  const known = before?.centre.length === matrix.width ? before : undefined;
  let axes = known?.axes ?? firstAxes(matrix.width);
  for (let round = 0; round < (known ? ROUNDS.next : ROUNDS.first); round++) {
    const sums = [new Float64Array(matrix.width), new Float64Array(matrix.width)] as const;
    const offsets = axes.map((axis) => dot(axis, centre));
    for (const row of rows) {
      axes.forEach((axis, side) => add(sums[side as 0 | 1], dot(axis, row) - (offsets[side] ?? 0), row));
      await pace.rest();
    }
    // The centre's part of each sum is zero, because the rows' places along an axis add up to zero.
    axes = atRightAngles(sums);
  }
  return { centre, axes };
}

/** Returns the position of each row on the plane: x, then y. */
export async function project(matrix: Matrix, { centre, axes: [first, second] }: Plane, pace: Pace): Promise<Float32Array> {
  const points = new Float32Array(2 * matrix.rows);
  const [x, y] = [dot(first, centre), dot(second, centre)];
  for (let row = 0; row < matrix.rows; row++) {
    const vector = rowOf(matrix, row);
    points[2 * row] = dot(first, vector) - x;
    points[2 * row + 1] = dot(second, vector) - y;
    if (row % 64 === 0) await pace.rest();
  }
  return points;
}

/** Turns or mirrors the plane's axes so that its points are as close as possible to other points (Procrustes). */
export function aligned({ centre, axes: [first, second] }: Plane, points: Float32Array, to: Float32Array): Plane {
  const mixed = (a: number, b: number): Float64Array => first.map((value, n) => a * value + b * (second[n] ?? 0));
  const [[a, b], [c, d]] = turn(points, to);
  return { centre, axes: [mixed(a, b), mixed(c, d)] };
}

/** Turns or mirrors points so that they are as close as possible to other points. */
export function turned(points: Float32Array, to: Float32Array): Float32Array {
  const [[a, b], [c, d]] = turn(points, to);
  return points.map((value, n) => (n % 2 === 0 ? a * value + b * (points[n + 1] ?? 0) : c * (points[n - 1] ?? 0) + d * value));
}

/** Returns the rows of the matrix that turns or mirrors points so that they are closest to other points. */
function turn(points: Float32Array, to: Float32Array): readonly [readonly [number, number], readonly [number, number]] {
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (let ix = 0; ix < Math.min(points.length, to.length); ix += 2) {
    const [x, y, u, v] = [points[ix] ?? 0, points[ix + 1] ?? 0, to[ix] ?? 0, to[ix + 1] ?? 0];
    xx += x * u;
    xy += x * v;
    yx += y * u;
    yy += y * v;
  }
  // The first length measures how well the best reflection fits, the second one how well the best turn fits.
  const flip = Math.hypot(xx - yy, xy + yx) > Math.hypot(xx + yy, xy - yx) ? -1 : 1;
  const angle = Math.atan2(xy - flip * yx, xx + flip * yy);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [
    [cos, -flip * sin],
    [sin, flip * cos],
  ];
}

/** Returns the two axes of the first round. They are the same at each visit. */
function firstAxes(width: number): readonly [Float64Array, Float64Array] {
  const wave = (pitch: number): Float64Array => Float64Array.from({ length: width }, (_, n) => Math.sin(pitch * (n + 1)));
  return atRightAngles([wave(1), wave(2)]);
}

function atRightAngles([first, second]: readonly [Float64Array, Float64Array]): readonly [Float64Array, Float64Array] {
  const one = unit(first);
  add(second, -dot(one, second), one);
  return [one, unit(second)];
}
