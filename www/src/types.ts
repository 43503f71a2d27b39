/** Inputs and outputs of the trainer: plain objects, the same in the page and in the worker. */

import type { Config, PartialConfig } from "./config.js";

/** Backend of a run. */
export type Backend = "webgpu" | "cpu";

/** One text table, in any form that a browser has; gzip is unpacked. */
export type Table = Response | Blob | ReadableStream<Uint8Array> | string;

/** Interactions to train on: one table that is split, or parts that were split before. */
export type Source =
  | Table
  | { data: Table; items?: Table; users?: Table }
  | { train: Table; test: Table; validation?: Table; items?: Table; users?: Table };

/** New interactions for a run, and titles and features of new users and items. */
export type NewData = Source | { train: Table; test?: Table; validation?: Table; items?: Table; users?: Table };

/** Counts of new data that joined a run. */
export interface Extension {
  /** Complete epochs before the extension. */
  epochs: number;
  /** Training pairs before the extension. */
  pairs: number;
  /** Users who got their first training pair. */
  users: number;
  /** Items that got their first training pair. */
  items: number;
  /** New training pairs. */
  train: number;
  /** New pairs that choose the best epoch. */
  validation: number;
  /** New pairs that measure the result. */
  test: number;
  /** Pairs that the run had already: they are not added again, and stay in their part. */
  known: number;
  /** Old items that got another title. */
  titles: number;
  /** Old users and items that got other features. */
  features: number;
}

/** A column that the run uses. */
export interface ColumnReport {
  role: "user" | "item" | "rating" | "timestamp" | "title" | "feature";
  /** Its name in the header, if there is one. */
  name: string | null;
  /** Position from 0. */
  position: number;
  /** Number of values of a feature. */
  values: number | null;
}

/** Report on how a file was read. */
export interface FileReport {
  file: string;
  part: "all" | "train" | "validation" | "test" | "items" | "users";
  /** `lists`: a user and all their items in a line; `blocks`: an item above its rows. */
  layout: "table" | "lists" | "blocks" | "json-lines" | "json-array";
  /** The separator of cells, as in `data.separator`; null in JSON. */
  separator: string | null;
  /** Whether the first row names the columns. */
  header: boolean;
  encoding: "utf-8" | "latin-1" | "utf-16";
  /** Records read, including bad ones. */
  lines: number;
  bad: number;
  blank: number;
  withoutUser: number;
  withoutItem: number;
  /** Lines above the header or the first record, each as `line 1: text`. */
  skipped: string[];
  /** The columns that are used; empty if the file was rejected. */
  columns: ColumnReport[];
  /** The header, if there is one, and the first five rows, with cells truncated to 60 characters. */
  rows: string[][];
  /** The lowest and the highest rating in the first rows. */
  ratings: [number, number] | null;
  /** Ids of the data that an items or users file contains. */
  matched: number | null;
}

/** The sizes of the data, and counts of records that were skipped. */
export interface DataSummary {
  /** Users and items of any part. */
  users: number;
  items: number;
  /** Pairs in each part. */
  train: number;
  validation: number;
  test: number;
  /** Records read, including bad ones, without headers and blank lines. */
  lines: number;
  /** Records that were skipped because they are invalid. */
  badLines: number;
  /** The first five invalid records of each file, each as `ratings.csv, line 7: reason`. */
  firstBadLines: string[];
  /** Records that were skipped because they have no user, or no item. */
  withoutUser: number;
  withoutItem: number;
  /** Interactions with a rating below `data.minRating`. */
  belowMinRating: number;
  /** Interactions that repeat a pair of the same part; the earliest stays. */
  duplicates: number;
  /** Held-out pairs that were skipped because an earlier part also contains them. */
  heldOutSeenBefore: number;
  /** Interactions that `data.core` removed. */
  droppedByCore: number;
  /** Users with pairs of equal times that were split at random. */
  splitWithinTie: number;
  /** Users without a training pair: they count as zero in every metric. */
  testOnlyUsers: number;
  /** Items without a training pair: they are never recommended, so they never count as a hit. */
  testOnlyItems: number;
  /** Feature values that no user or item with a training pair has: they are skipped. */
  unknownFeatures: number;
  /** Items that have a title. */
  titledItems: number;
  /** How each file was read. */
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
  /** Name of the GPU adapter; empty if there is none, or it has no name. */
  adapter: string;
  /** Work per GPU thread: little (`narrow`) or much (`wide`). The run measures which is faster. Null on the CPU. */
  shape: "narrow" | "wide" | null;
  /** The reason for this backend, as a clause. */
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
  /** GPU dispatches in the plan; the same number on the CPU. */
  dispatches: number;
  /** Bytes of buffers that the plan's operations read and write, each counted once. */
  bytesMoved: number;
  /** Multiply-adds of the plan's operations. */
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

/** One epoch, measured on the validation part, else on the test part; without metrics if there is neither. */
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
  /** With a bank: the mean drift of item outputs over the steps that the bank covers, divided by their mean length. */
  drift?: number;
  /** Skipped pairs; null before the first decision. */
  skip: Skipped | null;
}

/** Pairs that an epoch skipped. */
export interface Skipped {
  /**
   * Rows with an activity below it are stale. The activity is a row's movement in an epoch (`stale`), or an item's number
   * of pairs (`popularity`). For `cap`, the mean number of pairs that an epoch keeps per user.
   */
  threshold: number | null;
  /** Stale rows as a share of the judged rows; null if any pair may be skipped. */
  staleRows: number | null;
  /** Stale pairs as a share of all pairs; null if any pair may be skipped. */
  stalePairs: number | null;
  /** Number of skipped pairs. */
  skipped: number;
  /** Rows that were stale in the epoch before and are not any more. */
  woken: number;
  /** A note, such as that no threshold was found. */
  note: string | null;
}

/** A temperature that a tuned run has tried, with the metrics of its best epoch on held-out pairs. */
export interface Trial extends Metrics {
  temperature: number;
  /** Its best epoch; 0 if its numbers stopped being finite. */
  epoch: number;
  /** Epochs that it was trained for. */
  epochs: number;
  /** Pairs trained on. */
  pairs: number;
  /** Training time without evaluation. */
  seconds: number;
}

/**
 * The model that a finished run keeps, measured on the test part. A run with a validation part keeps the model of the best
 * epoch, another run that of the last one.
 */
export interface Final extends Partial<Metrics> {
  /** The epoch of the model. */
  epoch: number;
  /** The metrics of recommending the most popular items, on the same part. */
  popularity: Metrics | null;
}

/** A whole run, as one document. */
export interface Report extends About {
  /** Trials before the first epoch, if the run is tuned. */
  trials: Trial[];
  epochs: EpochReport[];
  /** New data that joined the run, in order. */
  extensions: Extension[];
  /** Progress so far. */
  progress: Progress;
  /** The metrics of recommending the most popular items, on the part that the epochs are measured on. */
  popularity: Metrics | null;
  /** The best of the epochs so far. */
  best: EpochReport | null;
  /** Null before the run is over. */
  final: Final | null;
  /** The devices that were lost, and how the run resumed. */
  recovered: Recovery[];
}

/** How a run resumed after its GPU device was lost: from the copy that it makes at each epoch's end, and once a minute. */
export interface Recovery {
  /** Complete epochs that it resumed with. */
  epochs: number;
  /** Steps of the next epoch that it resumed with. */
  step: number;
  /** Reason, as a sentence. */
  reason: string;
  /** Backend that it resumed on. */
  backend: Backend;
}

/** Progress of the tuning of a run. */
export interface TrialProgress {
  /** From 1. */
  trial: number;
  /** Total number of trials. */
  trials: number;
  /** Temperature of the trial. */
  temperature: number;
  /** The epoch that ended with this slice, if any, measured on held-out pairs. */
  epochReport: EpochReport | null;
}

/** Progress of an evaluation. */
export interface Measured {
  /** The share of the part's users that are done. */
  share: number;
  /** Whether it measures the best epoch on the test part, at the end of the run. */
  best: boolean;
}

/** A slice of training. */
export interface Progress {
  /** Current epoch, from 1. */
  epoch: number;
  /** Total number of epochs. */
  epochs: number;
  /** Steps of that epoch that are done; all of them in the slice that ends it. */
  step: number;
  /** Steps in an epoch. */
  steps: number;
  /** Mean loss of each step since the last slice. */
  losses: number[];
  /** Pairs trained on since the start. */
  pairs: number;
  /** Progress of the evaluation, while the model is measured. */
  measured: Measured | null;
  /** Time since the start, of training and of evaluation. */
  seconds: number;
  /** The part of that time for evaluation. */
  evaluationSeconds: number;
  /** Remaining time at the current pace; null before the first steps and after the last. */
  secondsLeft: number | null;
  /** The trial that this slice belongs to, while the run is tuned. Its epochs are not epochs of the run. */
  trial: TrialProgress | null;
  /** The epoch that ended with this slice, if any. */
  epochReport: EpochReport | null;
  /** Number of devices that were lost so far; the report describes them. */
  recovered: number;
  /** Whether the run is over. */
  done: boolean;
}

/** Time of a training step by operation. */
export interface Profile {
  /** Number of timed steps. The other values are means over them. */
  steps: number;
  /** The operations of a step in their order, then the operations that run once per window of steps. */
  operations: Operation[];
}

/** A training step as a graph, from the plan of the run: its operations, and the buffers that they pass on. */
export interface StepGraph {
  /** The operations of a step, of its window of steps and between epochs, in the order in which they run. */
  operations: PlannedOperation[];
  /** Name and bytes of each buffer. */
  buffers: [name: string, bytes: number][];
  /**
   * For each buffer that an operation uses: the number of the last operation before it that wrote the buffer, its own
   * number, and the buffer's. A buffer that no operation before it wrote has no edge, such as a table.
   */
  edges: [from: number, to: number, buffer: number][];
  /** Pairs of this epoch: fewer than the training pairs if some are skipped. */
  pairs: number;
  /** Entries of CBNS's bank that are negatives in the next step; 0 without a bank. */
  banked: number;
}

/** An operation of the plan. */
export interface PlannedOperation {
  /** Its name, as in a {@link Profile}. */
  operation: string;
  /** How often it runs; between epochs, at most once an epoch. */
  once: "step" | "window" | "epoch";
  /** Name and WGSL of its shaders, in order, each once. The text is that which a GPU compiles for this run. */
  shaders: [name: string, wgsl: string][];
  /** Multiply-adds per run, for a full batch and a full bank. */
  multiplyAdds: number;
  /** Bytes per run that it reads and writes, for a full batch; 0 if they are not counted. */
  bytes: number;
  /** Numbers of the buffers that it only reads. */
  reads: number[];
  /** Numbers of the buffers that it writes; it may read them, too. */
  writes: number[];
}

/** An operation of a step, or of a window. */
export interface Operation {
  /** The common part of its shaders' names, and its output: `softmax_loss → d_item`. */
  operation: string;
  /** How often it runs. An operation that runs once per window counts with its share of a step. */
  once: "step" | "window";
  /** Measured by the GPU's own clock; on the CPU, by a clock around the operation. */
  milliseconds: number;
  /** Multiply-adds of a full batch, two floating point operations each. */
  multiplyAdds: number;
  /** Bytes that it reads and writes for a full batch. */
  bytes: number;
  /** On a GPU, its dispatches in their order: shader and milliseconds. */
  kernels: [shader: string, milliseconds: number][];
}

/** An item and how well it fits; higher is better. */
export interface Recommendation extends Item {
  score: number;
  /**
   * At most three items that add most to the score, from the items that a visitor picked or from a user's history. Empty
   * if a score has no such parts: for a user whose tower is more than the sum of a history, and from `similar`.
   */
  because: Reason[];
}

/** A list of recommendations. */
export interface Recommendations extends Array<Recommendation> {
  /** Ids that were skipped because the training data does not contain them, if any. */
  unknown?: string[];
}

/** A list for each user; an empty one for a user who is not in the training data. */
export interface ListsOfRecommendations extends Array<Recommendation[]> {
  /** Ids that were skipped because the training data does not contain them, if any. */
  unknown?: string[];
}

/** An item that contributes to a score. */
export interface Reason extends Item {
  /** Its contribution. The contributions of all picked items, or of the whole history, add up to the score. */
  share: number;
}

/**
 * Items that may be recommended. Ids that are not in the training data are skipped; if none of `among` is in it, the
 * call is rejected with the code `unknown-id`.
 */
export interface Choice {
  /** Only these items. Default: the whole catalogue. */
  among?: readonly string[] | undefined;
  /** Excludes these items. */
  without?: readonly string[] | undefined;
  /** Whether to include a user's own items, the items that a visitor picked, or the item itself. Default: `false`. */
  seen?: boolean | undefined;
}

/** A user or an item that is not in the training data, described by its cells in the columns of features. */
export interface Unseen {
  features: Readonly<Record<string, string | number>>;
}

/** Query by features alone. */
export interface ByFeatures {
  items: Recommendation[];
  /** Number of skipped inputs: values and ids that are not in the training data, and cells of other columns. */
  unknown: number;
}

/** An item of the data, with its title if the data has one. */
export interface Item {
  item: string;
  title: string | null;
}

/** The receiver of recommendations: a user of the data, or a visitor who likes these items. */
export type Query = { user: string } | { items: string[] };

/**
 * A file for other tools: a tower's outputs, as used in scores, or the tower itself. Rows are in the order of
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

/** A kind of value that an option may have; bounds are inclusive, except for the `min` of `above`. */
export type OptionKind =
  | { kind: "int"; min: number; max: number }
  | { kind: "number"; min: number; max: number }
  | { kind: "above"; min: number; max: number }
  | { kind: "bool" }
  | { kind: "one-of"; words: string[] }
  | { kind: "text" }
  | { kind: "null" }
  | { kind: "list"; of: OptionKind; most: number };

/** A named set of defaults for the other options, chosen by `preset`. */
export interface Preset {
  name: string;
  options: PartialConfig;
}

/** One option: its name, its allowed values, its default and its meaning. */
export interface OptionSpec {
  /** Dotted path, such as `optimizer.learningRate`. */
  key: string;
  kinds: OptionKind[];
  default: string | number | boolean | null | string[] | number[];
  /** Its meaning, in one sentence. */
  doc: string;
  /** Starting values, by dotted path, when the option's technique is switched on. They suit a page's data and a dozen epochs. */
  starts: Record<string, OptionSpec["default"]>;
}
