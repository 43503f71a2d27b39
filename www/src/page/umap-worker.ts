/** Entry of the worker that lays vectors out. */

import { UMAP } from "umap-js";

/** Vectors of `width` numbers, one after the other. */
export interface Task {
  width: number;
  values: Float32Array;
}

/** The share of the work that is done, or the place of each vector. */
export type Told = { share: number } | { points: Float32Array };

/** Steps between two messages. */
const STEPS = 10;

/** Seed of the layout: the same vectors give the same map. */
const SEED = 1;

const tell = (told: Told): void => postMessage(told);

onmessage = ({ data: { width, values } }: MessageEvent<Task>) => {
  const rows = Array.from({ length: values.length / width }, (_, row) => Array.from(values.subarray(row * width, (row + 1) * width)));
  const umap = new UMAP({ nNeighbors: Math.min(15, rows.length - 1), random: randomFrom(SEED) });
  const steps = umap.initializeFit(rows);
  for (let step = 0; step < steps; step++) {
    umap.step();
    if (step % STEPS === 0) tell({ share: step / steps });
  }
  tell({ points: Float32Array.from(umap.getEmbedding().flat()) });
};

/** Returns a generator of random numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
