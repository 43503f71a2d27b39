/** Stories: runs that show an effect, and the measurements of it. */

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
  /** The measured effect, and the document that has it. */
  measured: string;
  dataset: "goodbooks" | "online-retail";
  runs: readonly StoryRun[];
}

/** The settings of OneBP's paper: drawn negatives and raw dot products. docs/results.md compares both runs with them. */
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
    text: "An item that is in many pairs is also a negative in many batches, so training pushes it away too often. The logQ correction compensates for this.",
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
    text: "In a batch of 16 pairs, each pair has only 15 negatives, so the model learns slowly. CBNS adds the items of earlier batches as negatives, without training on more pairs.",
    look: "NDCG at 20 after each of the four epochs, and the dotted columns of the batch.",
    measured: "Goodbooks, 4 epochs: NDCG at 20 is .0445 with a bank of 256 and .0358 without, 24 % more (docs/results.md).",
    dataset: "goodbooks",
    runs: [
      { label: "With the bank", epochs: 4, config: { ...SMALL, cbns: { capacity: 256, warmup: 500 } } },
      { label: "Without", epochs: 4, config: SMALL },
    ],
  },
  {
    title: "OneBP needs more epochs",
    text: "OneBP trains only the items by gradient; a user’s vector moves towards each item they pick. It starts slower and ends higher.",
    look: "NDCG at 20: at epoch 40 OneBP is still behind, from about epoch 55 it is ahead.",
    measured: "Goodbooks, uniform negatives: NDCG at 20 is .2165 at epoch 80, and .2031 with two backpropagations (docs/results.md).",
    dataset: "goodbooks",
    runs: [
      { label: "OneBP", epochs: 80, config: { ...DRAWN, onebp: { beta: 0.99 } } },
      { label: "Two backpropagations", epochs: 80, config: DRAWN },
    ],
  },
  {
    title: "A fifth fewer pairs at the same quality",
    text: "Users with very many pairs repeat much of the same information. A cap on their pairs, in rotation, makes epochs shorter, and the model is as good.",
    look: "The time of each epoch in the table, and the last values of the metrics.",
    measured: "Online retail, 12 epochs: 20 % fewer pairs and 0.1 % less NDCG at 20, which may be chance (docs/results.md).",
    dataset: "online-retail",
    runs: [
      { label: "With the cap", epochs: 12, config: { skip: { policy: "cap", start: 1, until: 0.75 } } },
      { label: "All pairs", epochs: 12, config: {} },
    ],
  },
  {
    title: "Stale pairs are still needed",
    text: "It seems safe to skip pairs whose vectors hardly move any more. But these pairs keep the vectors in place: without them the model gets worse than with pairs skipped at random.",
    look: "NDCG at 20 from the third epoch on.",
    measured: "Goodbooks, 12 epochs: 12.4 % less NDCG at 20; random skipping loses 4.7 % (docs/results.md).",
    dataset: "goodbooks",
    runs: [
      { label: "Skip stale pairs", epochs: 12, config: { skip: { policy: "stale" } } },
      { label: "Skip at random", epochs: 12, config: { skip: { policy: "random" } } },
    ],
  },
  {
    title: "Serving a newcomer",
    text: "If each user has a separate vector, it must be trained before the user gets useful recommendations. A user who is the sum of their items needs no such vector, so new visitors are served as well as known users.",
    look: "“Someone who likes…” under Ask the model: pick two products and see the list.",
    measured: "Online retail, batches of 16, 4 epochs: recall at 20 is .223 with histories and .205 with ids (docs/methods.md).",
    dataset: "online-retail",
    runs: [
      { label: "Users as histories", epochs: 4, config: { batchSize: 16, towers: { user: { id: false, history: {} } } } },
      { label: "Users by id", epochs: 4, config: { batchSize: 16 } },
    ],
  },
];
