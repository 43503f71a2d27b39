/** Inputs and outputs of the trainer: plain objects, the same in the page and in the worker. */

import type { Config, PartialConfig } from "./config.js";

/** Backend of a run. */
export type Backend = "webgpu" | "cpu";

/** One text table, as a browser has it; gzip is undone. */
export type Table = Response | Blob | ReadableStream<Uint8Array> | string;

/** Interactions to train on: one table that is split, or parts that were split before. */
export type Source =
  | Table
  | { data: Table; items?: Table; users?: Table }
  | { train: Table; test: Table; validation?: Table; items?: Table; users?: Table };

/** A column of a file that is used. */
export interface ColumnReport {
  role: "user" | "item" | "rating" | "timestamp" | "title" | "feature";
  /** Its name in the header, if there is one. */
  name: string | null;
  /** From 0. */
  position: number;
  /** Number of values of a feature. */
  values: number | null;
}

/** How a file was understood. */
export interface FileReport {
  file: string;
  part: "all" | "train" | "validation" | "test" | "items" | "users";
  /** `lists`: a user and all their items in a line; `blocks`: an item above its rows. */
  layout: "table" | "lists" | "blocks" | "json-lines" | "json-array";
  /** The separator of cells, as `data.separator` has it; null in JSON. */
  separator: string | null;
  /** Whether the first row names the columns. */
  header: boolean;
  encoding: "utf-8" | "latin-1" | "utf-16";
  /** Records read, bad ones included. */
  lines: number;
  bad: number;
  blank: number;
  withoutUser: number;
  withoutItem: number;
  /** Lines above the header or the first record, each as `line 1: text`. */
  skipped: string[];
  /** The columns that are used; none of a file that was refused. */
  columns: ColumnReport[];
  /** The header, if there is one, and the first five rows, with each cell cut at 60 characters. */
  rows: string[][];
  /** The least and the most of the ratings in the first rows. */
  ratings: [number, number] | null;
  /** Ids of the data that an items or users file contains. */
  matched: number | null;
}

/** The sizes of the data, and what happened to it on its way in. */
export interface DataSummary {
  /** Users and items of any part. */
  users: number;
  items: number;
  /** Pairs in each part. */
  train: number;
  validation: number;
  test: number;
  /** Records read, bad ones included; headers and blank lines not. */
  lines: number;
  /** Records that were skipped because something is wrong with them. */
  badLines: number;
  /** The first five of them of each file, each as `ratings.csv, line 7: reason`. */
  firstBadLines: string[];
  /** Records that were skipped because they have no user, or no item. */
  withoutUser: number;
  withoutItem: number;
  /** Interactions under `data.minRating`. */
  belowMinRating: number;
  /** Interactions that repeat a pair of the same part; the earliest stays. */
  duplicates: number;
  /** Held-out pairs that were left out because an earlier part has them too. */
  heldOutSeenBefore: number;
  /** Interactions that `data.core` left out. */
  droppedByCore: number;
  /** Users whose pairs were split between equal times, by lot. */
  splitWithinTie: number;
  /** Users without a training pair: they count as zero in every metric. */
  testOnlyUsers: number;
  /** Items without a training pair: they can never be hit. */
  testOnlyItems: number;
  /** Values of features that nothing with a training pair has: they are skipped. */
  unknownFeatures: number;
  /** Items that have a title. */
  titledItems: number;
  /** How each file was understood. */
  read: FileReport[];
  /** Probable faults of the data, and guesses. */
  warnings: string[];
  /** Hints about the data. */
  notes: string[];
}

/** Description of a trainer. */
export interface About {
  config: Config;
  backend: Backend;
  /** Name of the GPU adapter; empty where there is none, or it has no name. */
  adapter: string;
  /** How much of the work one of its threads takes, whichever was measured to be quicker; null on the CPU. */
  shape: "narrow" | "wide" | null;
  /** Why this backend was taken, as a clause. */
  reason: string;
  data: DataSummary;
  /** Bytes of all buffers. */
  memoryBytes: number;
  /** The dispatches of a training step, in order, by the names of their shaders. */
  plan: string[];
  /** Cost of a step with a full batch, counted from the plan. */
  stepWork: Work;
}

/** Cost of training, the same on every machine. */
export interface Work {
  /** GPU dispatches that the plan has for it; as many on the CPU. */
  dispatches: number;
  /** Bytes of buffers that the plan's operations read and write, each counted once. */
  bytesMoved: number;
  /** Multiplications with an addition that the plan comes to. */
  multiplyAdds: number;
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

/** One epoch, measured on the validation part, else on the test part; without metrics where neither is. */
export interface EpochReport extends Partial<Metrics>, Work {
  /** From 1. */
  epoch: number;
  /** Mean over the epoch's pairs. */
  loss: number;
  /** Training time without evaluation. */
  seconds: number;
  /** Pairs trained on. */
  pairs: number;
  /** Training steps. */
  steps: number;
  /** Where there is a bank: item outputs' mean drift over the steps it reaches back, over their mean length. */
  drift?: number;
  /** Skipped pairs; null before the first decision. */
  skip: Skipped | null;
}

/** Pairs that an epoch skipped. */
export interface Skipped {
  /** Rows whose activity is below are stale: how far they moved, or an item's number of pairs; or a user's cap. */
  threshold: number | null;
  /** Stale rows as a share of those that are judged; null where any pair may leave. */
  staleRows: number | null;
  /** Stale pairs as a share of all; null where any pair may leave. */
  stalePairs: number | null;
  /** Pairs that were left out. */
  skipped: number;
  /** Rows that were stale in the epoch before and no longer were. */
  woken: number;
  /** Such as that nothing was found. */
  note: string | null;
}

/** A temperature that a tuned run has tried, with the metrics of its best epoch on the pairs held out for that. */
export interface Trial extends Metrics {
  temperature: number;
  /** Its best epoch; 0 if its numbers stopped being finite. */
  epoch: number;
  /** Epochs that it took to know. */
  epochs: number;
  /** Pairs trained on. */
  pairs: number;
  /** Training time without evaluation. */
  seconds: number;
}

/** The model that a finished run keeps: the best epoch's with a validation part, else the last's; on the test part. */
export interface Final extends Partial<Metrics> {
  /** The epoch that it is from. */
  epoch: number;
  /** The metrics of recommending what is most popular, on the same part. */
  popularity: Metrics | null;
}

/** A whole run, as one document. */
export interface Report extends About {
  /** Trials before the first epoch, if the run is tuned. */
  trials: Trial[];
  epochs: EpochReport[];
  /** Where it stands. */
  progress: Progress;
  /** The metrics of recommending what is most popular, on the part that the epochs are measured on. */
  popularity: Metrics | null;
  /** The best of the epochs so far. */
  best: EpochReport | null;
  /** None before the run is over. */
  final: Final | null;
  /** The devices that were lost on the way, and how the run went on. */
  recovered: Recovery[];
}

/** A run that went on after its GPU device was lost: from the copy that it keeps at each epoch's end, and once a minute. */
export interface Recovery {
  /** Whole epochs that it resumed with. */
  epochs: number;
  /** Steps of the epoch after them. */
  step: number;
  /** Reason, as a sentence. */
  reason: string;
  /** On what it went on. */
  backend: Backend;
}

/** Where the tuning of a run stands. */
export interface TrialProgress {
  /** From 1. */
  trial: number;
  /** Trials in all. */
  trials: number;
  /** Temperature of the trial. */
  temperature: number;
  /** The epoch that this slice ended, if it did, measured on the pairs that are held out. */
  epochReport: EpochReport | null;
}

/** An evaluation under way. */
export interface Measured {
  /** The share of the part's users that are ranked for. */
  share: number;
  /** Whether it is that of the best epoch, on the test part, at the end of the run. */
  best: boolean;
}

/** A slice of training. */
export interface Progress {
  /** Epoch at work, from 1. */
  epoch: number;
  /** Epochs in all. */
  epochs: number;
  /** Steps of that epoch that are done: all of them in the slice that ends it. */
  step: number;
  /** Steps in an epoch. */
  steps: number;
  /** Mean loss of each step since the last slice. */
  losses: number[];
  /** Pairs trained on since the start. */
  pairs: number;
  /** How far the evaluation is, while the model is measured. */
  measured: Measured | null;
  /** Time since the start, of training and of evaluation. */
  seconds: number;
  /** The part of it that evaluation took. */
  evaluationSeconds: number;
  /** Time that is left at this pace; none before the first steps and after the last. */
  secondsLeft: number | null;
  /** The trial that all this is of, while the run is tuned; its epochs are none of the run's. */
  trial: TrialProgress | null;
  /** The epoch that this slice ended, if it did. */
  epochReport: EpochReport | null;
  /** How many devices were lost on the way; the report tells of them. */
  recovered: number;
  /** Whether the run is over. */
  done: boolean;
}

/** Where the time of a step goes. */
export interface Profile {
  /** Steps that were timed: what follows is their mean. */
  steps: number;
  /** The operations of a step in their order, then what is done once a window for all its steps. */
  operations: Operation[];
}

/** An operation of a step, or of a window. */
export interface Operation {
  /** The stem of its shaders, and what it writes: `softmax_loss → d_item`. */
  operation: string;
  /** How often it is done; what is done once a window counts with its share of a step. */
  once: "step" | "window";
  /** By the GPU's own clock, or by one around it on the CPU. */
  milliseconds: number;
  /** Work of a whole batch, two floating point operations each. */
  multiplyAdds: number;
  /** Bytes that a whole batch reads and writes. */
  bytes: number;
  /** On a GPU, the dispatches that it is made of, in their order: shader and milliseconds. */
  kernels: [shader: string, milliseconds: number][];
}

/** An item and how well it fits; higher is better. */
export interface Recommendation extends Item {
  score: number;
  /**
   * Up to three of the items that a visitor picked, or of a user's history, that speak most for it. Empty where a
   * score has no such parts: for a user whose tower is more than the sum of a history, and from `similar`.
   */
  because: Reason[];
}

/** The recommendations. */
export interface Recommendations extends Array<Recommendation> {
  /** Ids of a list that the training data lacks, if any were skipped. */
  unknown?: string[];
}

/** A list for each of some users; an empty one for a user whom the training data lacks. */
export interface ListsOfRecommendations extends Array<Recommendation[]> {
  /** Ids of a list that the training data lacks, if any were skipped. */
  unknown?: string[];
}

/** An item that has part in a score. */
export interface Reason extends Item {
  /** Its part: over all items that were picked, or the whole history, parts add up to the score. */
  share: number;
}

/**
 * Which items may be recommended. Ids that the training data lacks are skipped while others remain; if all of
 * `among` are, that is refused with the code `unknown-id`.
 */
export interface Choice {
  /** These alone. Default: the whole catalogue. */
  among?: readonly string[] | undefined;
  /** Excludes these items. */
  without?: readonly string[] | undefined;
  /** Also what the asker has already: a user's items, those that a visitor picked, or the item itself. Default: no. */
  seen?: boolean | undefined;
}

/** A user or an item that was never seen, by what is in its cells of the columns of features. */
export interface Unseen {
  features: Readonly<Record<string, string | number>>;
}

/** Query by features alone. */
export interface ByFeatures {
  items: Recommendation[];
  /** Values that nothing trained has, cells of other columns, and ids of the choice that the training data lacks. */
  unknown: number;
}

/** An item of the data, with its title if the data has one. */
export interface Item {
  item: string;
  title: string | null;
}

/** Whom to recommend for: a user of the data, or a visitor who likes these items. */
export type Query = { user: string } | { items: string[] };

/**
 * A file for other tools: a tower's outputs, as they are scored, or the tower itself. Rows are in the order of
 * `ids.json`; `vectors.tsv` and `metadata.tsv` are the items, for the Embedding Projector.
 */
export type Export =
  | "users.npy"
  | "items.npy"
  | "embeddings.safetensors"
  | "vectors.tsv"
  | "metadata.tsv"
  | "items.json"
  | "ids.json"
  | "user_tower.onnx"
  | "item_tower.onnx";

/** A kind of value that an option may have; bounds are included, but for the `min` of `above`. */
export type OptionKind =
  | { kind: "int"; min: number; max: number }
  | { kind: "number"; min: number; max: number }
  | { kind: "above"; min: number; max: number }
  | { kind: "bool" }
  | { kind: "one-of"; words: string[] }
  | { kind: "text" }
  | { kind: "null" }
  | { kind: "list"; of: OptionKind; most: number };

/** A named set of options: what `preset` gives the others as defaults. */
export interface Preset {
  name: string;
  options: PartialConfig;
}

/** One option: what it is called, may be, is by default, and does. */
export interface OptionSpec {
  /** Dotted path, such as `optimizer.learningRate`. */
  key: string;
  kinds: OptionKind[];
  default: string | number | boolean | null | string[] | number[];
  /** Its meaning, in one sentence. */
  doc: string;
  /** Values by dotted path that suit a page's data and a dozen epochs, for those who switch the option's technique on. */
  starts: Record<string, OptionSpec["default"]>;
}
