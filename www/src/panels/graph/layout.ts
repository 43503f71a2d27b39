/** Places of a graph's operations: in rows, each below those that it needs. */

import type { StepGraph } from "../../index.js";

/** A place in rows from 0; columns are counted from the middle of the drawing, to both sides. */
export interface Spot {
  column: number;
  row: number;
}

/** Rows of operations that run equally often. */
export interface Band {
  once: StepGraph["operations"][number]["once"];
  /** Its first row. */
  row: number;
  /** Numbers of its operations. */
  operations: number[];
}

/** The places of all operations. */
export interface Layout {
  spots: Spot[];
  bands: Band[];
  /** Number of rows, and of operations in the longest one. */
  rows: number;
  columns: number;
}

/**
 * Places the operations: a row below the last operation that each needs, in bands of operations that run equally often;
 * within a row, in the order of the operations that they need. A graph has some dozen operations, for which a library of
 * layouts would be 17 KB to load.
 */
export function layoutOf(graph: Pick<StepGraph, "operations" | "edges">): Layout {
  const bands: Band[] = [];
  const rows: number[][] = [];
  const rowOf: number[] = [];
  for (const [to, { once }] of graph.operations.entries()) {
    let band = bands.at(-1);
    if (band?.once !== once) bands.push((band = { once, row: rows.length, operations: [] }));
    const row = Math.max(band.row, ...neededBy(graph, to).map((from) => 1 + (rowOf[from] ?? 0)));
    band.operations.push(to);
    rowOf.push(row);
    for (let next = rows.length; next <= row; next++) rows.push([]);
    rows[row]?.push(to);
  }
  return { spots: spotsOf(graph, rows), bands, rows: rows.length, columns: Math.max(0, ...rows.map(({ length }) => length)) };
}

function spotsOf(graph: Pick<StepGraph, "edges">, rows: readonly (readonly number[])[]): Spot[] {
  const spots: Spot[] = [];
  for (const [row, operations] of rows.entries()) {
    const wanted = (to: number): number => mean(neededBy(graph, to).map((from) => spots[from]?.column ?? 0));
    const ordered = operations.map((operation) => ({ operation, wanted: wanted(operation) })).sort((a, b) => a.wanted - b.wanted);
    for (const [ix, { operation }] of ordered.entries()) spots[operation] = { column: ix - (ordered.length - 1) / 2, row };
  }
  return spots;
}

function neededBy({ edges }: Pick<StepGraph, "edges">, operation: number): number[] {
  return [...new Set(edges.filter(([, to]) => to === operation).map(([from]) => from))];
}

function mean(values: readonly number[]): number {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}
