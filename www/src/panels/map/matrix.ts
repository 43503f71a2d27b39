/** Matrices, and the NumPy files that contain them. */

import { TwoTowerError } from "../../index.js";

/** Rows of numbers, one after the other. */
export interface Matrix {
  rows: number;
  width: number;
  values: Float32Array;
}

/** Bytes before the header of a file of version 1.0: magic, version and the header's length. */
const BEFORE = 10;

/** Exports that contain a matrix. */
export type MatrixFile = "users.npy" | "items.npy";

/** Reads an exported matrix without a copy: the crate aligns the numbers in the file. */
export function readNpy(name: MatrixFile, file: Uint8Array<ArrayBuffer>): Matrix {
  const start = BEFORE + new DataView(file.buffer, file.byteOffset).getUint16(BEFORE - 2, true);
  const header = new TextDecoder("latin1").decode(file.subarray(BEFORE, start));
  const [, rows, width] = /'shape': \((\d+), (\d+)\)/.exec(header)?.map(Number) ?? [];
  if (rows === undefined || width === undefined) throw TwoTowerError.data(name, "it has no shape");
  return { rows, width, values: new Float32Array(file.buffer, file.byteOffset + start, rows * width) };
}

/** Returns a row. */
export function rowOf({ width, values }: Matrix, row: number): Float32Array {
  return values.subarray(row * width, (row + 1) * width);
}

/** Returns the inner product. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += (a[n] ?? 0) * (b[n] ?? 0);
  return sum;
}

/** Adds a multiple of a vector to another one. */
export function add(to: Float64Array, times: number, vector: ArrayLike<number>): void {
  for (let n = 0; n < to.length; n++) to[n] = (to[n] ?? 0) + times * (vector[n] ?? 0);
}

/** Returns a vector scaled to length 1; a zero vector is returned as it is. */
export function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : vector;
}

/** Returns every nth row, up to a given number of rows. */
export function sampled(matrix: Matrix, most: number): Float32Array[] {
  const step = Math.max(1, Math.ceil(matrix.rows / most));
  return Array.from({ length: Math.ceil(matrix.rows / step) }, (_, ix) => rowOf(matrix, ix * step));
}
