/** Runs that show an effect, each with where it was measured. */

import type { PartialConfig } from "../index.js";

/** A run of a story. */
export interface StoryRun {
  label: string;
  epochs: number;
  config: PartialConfig;
}

export interface Story {
  title: string;
  /** Two sentences. */
  text: string;
  /** The part of the page in which the effect shows. */
  look: string;
  /** Where it was measured, and with which outcome. */
  measured: string;
  dataset: "goodbooks" | "online-retail";
  runs: readonly StoryRun[];
}

/** OneBP's own setting: drawn negatives, raw dot products. docs/results.md compares both runs in it. */
const DRAWN: PartialConfig = {
  batchSize: 1024,
  normalize: false,
  temperature: 1,
  init: "xavier",
  negatives: { kind: "uniform", logQ: false },
  optimizer: { learningRate: 0.001, l2: 1e-6 },
};

const SMALL: PartialConfig = { batchSize: 16, optimizer: { learningRate: 8e-4 } };

export const STORIES: readonly Story[] = [
  {
    title: "Popular items get pushed too hard",
    text: "An item that is in many pairs is also a negative in many batches, so training pushes it away too often. The logQ correction takes exactly that back.",
    look: "Recall at 20 in the chart, and how popular the recommended products are.",
    measured: "Online retail, batches of 1,024: recall at 20 is .168 without logQ and .247 with it (docs/methods.md).",
    dataset: "online-retail",
    runs: [
      { label: "Without logQ", epochs: 12, config: { batchSize: 1024, negatives: { logQ: false } } },
      { label: "With logQ", epochs: 12, config: { batchSize: 1024 } },
    ],
  },
  {
    title: "Small batches, where CBNS wins",
    text: "With 16 pairs a batch has 15 negatives, and learns slowly. CBNS keeps the items of earlier batches as further negatives, for no further pairs.",
    look: "NDCG at 20 after each of the four epochs, and the dotted columns of the batch.",
    measured: "Goodbooks, 4 epochs: NDCG at 20 is .0445 with a bank of 256 and .0358 without, 24 % more (docs/results.md).",
    dataset: "goodbooks",
    runs: [
      { label: "With the bank", epochs: 4, config: { ...SMALL, cbns: { capacity: 256, warmup: 500 } } },
      { label: "Without", epochs: 4, config: SMALL },
    ],
  },
  {
    title: "OneBP takes its time",
    text: "OneBP trains the items alone and lets users drift towards what they take. It starts slower, and ends higher.",
    look: "NDCG at 20: at epoch 40 OneBP is still behind, from about epoch 55 it is ahead.",
    measured: "Goodbooks, uniform negatives: NDCG at 20 is .2165 at epoch 80, and .2031 with two backpropagations (docs/results.md).",
    dataset: "goodbooks",
    runs: [
      { label: "OneBP", epochs: 80, config: { ...DRAWN, onebp: { beta: 0.99 } } },
      { label: "Two backpropagations", epochs: 80, config: DRAWN },
    ],
  },
  {
    title: "A fifth of the pairs for free",
    text: "Users with very many pairs say the same thing again and again. A cap on their pairs, in rotation, makes epochs shorter, and the model is as good.",
    look: "The time of each epoch in the table, and the end of the metrics.",
    measured: "Online retail, 12 epochs: 20 % fewer pairs and 0.1 % less NDCG at 20, which is within the noise (docs/results.md).",
    dataset: "online-retail",
    runs: [
      { label: "With the cap", epochs: 12, config: { skip: { policy: "cap", start: 1, until: 0.75 } } },
      { label: "All pairs", epochs: 12, config: {} },
    ],
  },
  {
    title: "Pairs that stand still still teach",
    text: "It sounds clever to skip the pairs whose vectors hardly move any more. But they are what holds the vectors in place, and without them the model gets worse than with pairs skipped at random.",
    look: "NDCG at 20 from the third epoch on.",
    measured: "Goodbooks, 12 epochs: 12.4 % less NDCG at 20, random skipping loses 4.7 % (docs/results.md).",
    dataset: "goodbooks",
    runs: [
      { label: "Skip what stands still", epochs: 12, config: { skip: { policy: "stale" } } },
      { label: "Skip at random", epochs: 12, config: { skip: { policy: "random" } } },
    ],
  },
  {
    title: "Serving a newcomer",
    text: "A user with a vector of their own must be trained before anything can be recommended to them. A user who is the sum of what they took needs no training, and visitors are served as well as anyone.",
    look: "“Someone who likes…” under Ask the model: pick two products and see the list.",
    measured: "Online retail, batches of 16, 4 epochs: recall at 20 is .223 with histories and .205 with ids (docs/methods.md).",
    dataset: "online-retail",
    runs: [
      { label: "Users as histories", epochs: 4, config: { batchSize: 16, towers: { user: { id: false, history: {} } } } },
      { label: "Users by id", epochs: 4, config: { batchSize: 16 } },
    ],
  },
];
