/** What the trainer takes and gives: plain objects, the same in the page and in the worker. */

import type { Config } from "./config.js";

/** What a run computes on. */
export type Backend = "webgpu" | "cpu";

/** One text table, as a browser has it; gzip is undone. */
export type Table = Response | Blob | ReadableStream<Uint8Array> | string;

/** Interactions to train on: one table that is split, or parts that were split before. */
export type Source =
  | Table
  | { data: Table; items?: Table }
  | { train: Table; test: Table; validation?: Table; items?: Table };

/** What a run's data came to. */
export interface DataSummary {
  users: number;
  items: number;
  /** Pairs in each part. */
  train: number;
  validation: number;
  test: number;
  /** Lines that were left out. */
  badLines: number;
  /** The first of them, each as `line 7: reason`. */
  firstBad: string[];
  /** Pairs that occurred before. */
  duplicates: number;
}

/** What a trainer is. */
export interface About {
  config: Config;
  backend: Backend;
  /** Name of the GPU adapter; empty where there is none, or it has no name. */
  adapter: string;
  /** Why this backend was taken. */
  reason: string;
  data: DataSummary;
  memoryBytes: number;
  /** The dispatches of a training step, in order. */
  plan: string[];
}

/** Full-ranking metrics, averaged over users. */
export interface Metrics {
  "recall@10": number;
  "recall@20": number;
  "ndcg@10": number;
  "ndcg@20": number;
  "hit@10": number;
  "mrr@10": number;
  "coverage@20": number;
}

/** One epoch, measured. */
export interface EpochReport extends Metrics {
  /** From 1. */
  epoch: number;
  /** Mean over the epoch's steps. */
  loss: number;
  /** Training time without evaluation. */
  seconds: number;
  pairs: number;
  dispatches: number;
}

/** A whole run, as one document. */
export interface Report {
  config: Config;
  backend: Backend;
  adapter: string;
  data: DataSummary;
  epochs: EpochReport[];
  /** The metrics of recommending what is most popular. */
  popularity: Metrics;
  /** The best epoch on the validation part, or on the test part where there is none. */
  best: EpochReport | null;
  /** The model that is kept, measured on the test part. */
  final: Metrics | null;
}

/** A slice of training. */
export interface Progress {
  /** Epoch at work, from 1. */
  epoch: number;
  epochs: number;
  /** Steps done in this epoch. */
  step: number;
  /** Steps in an epoch. */
  steps: number;
  /** Loss of each step since the last slice. */
  losses: number[];
  /** Pairs trained on since the start. */
  pairs: number;
  /** Training time since the start, without evaluation. */
  seconds: number;
  secondsLeft: number;
  /** The epoch that this slice ended, if it did. */
  epochReport: EpochReport | null;
  done: boolean;
}

/** An item and how well it fits; higher is better. */
export interface Recommendation {
  item: string;
  title: string | null;
  score: number;
}

/** An item of the data, with its title if the data has one. */
export interface Item {
  item: string;
  title: string | null;
}

/** Whom to recommend for: a user of the data, or a visitor who likes these items. */
export type Query = { user: string } | { items: string[] };

/** A kind of value that an option may have. */
export type OptionKind =
  | { kind: "int"; min: number; max: number }
  | { kind: "number"; min: number; max: number }
  | { kind: "above"; min: number; max: number }
  | { kind: "bool" }
  | { kind: "one-of"; words: string[] }
  | { kind: "text" }
  | { kind: "null" };

/** One option: what it is called, may be, is by default, and does. */
export interface OptionSpec {
  /** Dotted path, such as `optimizer.learningRate`. */
  key: string;
  kinds: OptionKind[];
  default: unknown;
  doc: string;
}
