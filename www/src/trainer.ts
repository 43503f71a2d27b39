/** The trainer: one run in one worker. */

import { type Remote as Proxied, transfer } from "comlink";

import { check, checkOptional, plain, refusal, strictly } from "./check.js";
import type { PartialConfig } from "./config.js";
import { TwoTowerError, typed } from "./error.js";
import type { Host, Made } from "./host.js";
import { aborted, Remote } from "./remote.js";
import { partsOf, sendable } from "./source.js";
import { Thread } from "./thread.js";
import type {
  About,
  Backend,
  ByFeatures,
  Choice,
  EpochReport,
  Export,
  Extension,
  Item,
  ListsOfRecommendations,
  NewData,
  OptionSpec,
  Preset,
  Profile,
  Progress,
  Query,
  Recommendations,
  Report,
  Source,
  StepGraph,
  Unseen,
} from "./types.js";

/** The options of a run, and its backend. */
export interface RunOptions extends PartialConfig {
  /** `auto`, the default, takes a real GPU, else the CPU; `about.reason` says why. */
  backend?: Backend | "auto" | undefined;
}

/** The options of a run, and those of the trainer itself. */
export interface TrainerOptions extends RunOptions {
  /** Aborts the creation, or destroys the trainer, with the code `aborted`. */
  signal?: AbortSignal | undefined;
  /**
   * Whether to share one worker and one GPU device with all other trainers that share. Default `false`: a separate
   * worker, which {@link Trainer.destroy} ends at once, also in the middle of a step.
   */
  share?: boolean | undefined;
}

/** The bytes of a file, in any form that a page may have. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

/** Options for resuming a saved run. */
export type LoadOptions = Pick<TrainerOptions, "backend" | "signal" | "share">;

/** Options for training. */
export interface TrainOptions {
  /**
   * Total number of epochs, including earlier ones. Default: the config's `epochs`. A finished run can train for more
   * epochs, unless it went back to its best epoch: that is rejected with the code `config`.
   */
  epochs?: number | undefined;
  /**
   * Called many times a second. If it returns a promise, training waits for it, so that you can pause
   * within an epoch.
   */
  onProgress?: ((progress: Progress) => unknown) | undefined;
  /** Stops training after the current slice, with the code `aborted`. The trainer stays usable. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds of training that a profile measures: the clocks of browsers are coarse, and compiled code is slow at first. */
const PROFILED = 500;

/** Milliseconds of training between two chances to pause, abort or answer other calls; more while the page is hidden. */
const SLICE = { seen: 50, hidden: 250 };

/**
 * Trains a two-tower model in a Web Worker and answers from it. Calls may overlap, also with training:
 * they are answered in order. Every promise rejects with a {@link TwoTowerError}, except for errors that `onProgress`
 * throws.
 */
export class Trainer {
  readonly #remote: Remote;
  #about: About;
  #training = false;
  /** Number of lost devices when `about` was read last. */
  #recovered = 0;

  private constructor(remote: Remote, about: About) {
    this.#remote = remote;
    this.#about = about;
  }

  /** Returns every option with its bounds, default and meaning. Starts the worker that the next trainer takes. */
  static options(): Promise<OptionSpec[]> {
    return typed(() => Thread.ask((host) => host.options()));
  }

  /** Returns the presets, from the quickest to the best. Starts the worker that the next trainer takes. */
  static presets(): Promise<Preset[]> {
    return typed(() => Thread.ask((host) => host.presets()));
  }

  /** Reads the source in a worker and creates a fresh model for it. */
  static create(source: Source, options: TrainerOptions = {}): Promise<Trainer> {
    return typed(async () => {
      check("options", options, "an object");
      const { backend = "auto", share = false, signal, ...others } = options;
      checkOptional(options, OWN);
      const config = plain("options", others);
      if (signal?.aborted) throw aborted(signal);
      const parts = partsOf(source);
      const make = async (host: Proxied<Host>): Promise<Made> => {
        const sent = await sendable(parts);
        return host.create(transfer(sent.parts, sent.transfer), config, backend);
      };
      const { remote, about } = await Remote.make(make, { share, signal });
      return new Trainer(remote, about);
    });
  }

  /**
   * Resumes a run from a file of {@link Trainer.save}, with its data, its options and its state. On the same backend,
   * the result is identical to that of an uninterrupted run, to the bit. Other files are rejected with the code
   * `checkpoint`. The file is read in pieces: a `Blob`, such as a file from a disk, is never in memory as a whole.
   */
  static load(bytes: Bytes, options: LoadOptions = {}): Promise<Trainer> {
    return typed(async () => {
      check("options", options, "an object");
      const { backend = "auto", share = false, signal, ...others } = options;
      for (const key of Object.keys(others)) throw refusal(key, "a saved run contains its options", "backend, share, signal");
      checkOptional(options, OWN);
      if (signal?.aborted) throw aborted(signal);
      const file = await cloneable(asBlob(bytes));
      const make = (host: Proxied<Host>): Promise<Made> => host.load(file, backend);
      const { remote, about } = await Remote.make(make, { share, signal });
      return new Trainer(remote, about);
    });
  }

  /**
   * Description of the run: its complete config, the sizes of its data, its backend and the reason for it. In a tuned
   * run, the temperature is that of the last epoch that {@link Trainer.train} yielded. After a lost device, the backend
   * is that of the last slice.
   */
  get about(): About {
    return this.#about;
  }

  /**
   * Trains and yields each epoch's report. Training runs only while the next epoch is awaited: to pause, stop
   * iterating; a later call resumes from there. Only one call at a time, else it rejects with `busy`.
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<EpochReport, void, undefined> {
    check("options", options, "an object");
    const { epochs, onProgress, signal } = options;
    checkOptional({ epochs, onProgress, signal }, { epochs: "a number", onProgress: "a function", signal: "an AbortSignal" });
    this.#refuseWhileTraining("train");
    this.#training = true;
    try {
      if (epochs !== undefined) await this.#remote.ask("setEpochs", epochs);
      for (let done = false; !done; ) {
        if (signal?.aborted) throw aborted(signal);
        const progress = await this.#remote.ask("advance", isHidden() ? SLICE.hidden : SLICE.seen);
        const pause = Promise.resolve(onProgress?.(progress));
        // It may reject before it is awaited, while the caller is busy with the epoch.
        pause.catch(() => undefined);
        const wasTuned = progress.epochReport && this.#about.config.tune;
        if (wasTuned || progress.recovered !== this.#recovered) {
          this.#recovered = progress.recovered;
          this.#about = await this.#remote.ask("about");
        }
        if (progress.epochReport) yield progress.epochReport;
        await this.#remote.during(pause, signal);
        done = progress.done;
      }
    } finally {
      this.#training = false;
    }
  }

  /**
   * Runs the next steps of the run with a clock around each operation, for half a second, but not beyond the epoch.
   * Returns the times. {@link Trainer.train} may be running: training resumes after these steps, with the same bits, and
   * reports their losses. Rejected with the code `not-available` if no step is left, and on an adapter without
   * `timestamp-query`.
   */
  profile(): Promise<Profile> {
    return this.#remote.ask("profile", PROFILED);
  }

  /**
   * Returns the operations of a training step, and the buffers that one writes and another one reads, from the plan of the
   * run: with OneBP there is no gradient of the users, CBNS adds its bank. Available before, during and after training.
   */
  graph(): Promise<StepGraph> {
    return this.#remote.ask("graph");
  }

  /** Returns the report of the run so far. */
  report(): Promise<Report> {
    return this.#remote.ask("report");
  }

  /**
   * Returns the `k` best items for a user, or for a visitor who likes some items, without the items that they have. If the
   * user tower has features, `query` may also describe a user who is not in the training data by features. If none of
   * these values is known, the call is rejected with the code `config`.
   */
  recommend(query: Query, k: number, choice?: Choice): Promise<Recommendations>;
  recommend(query: Unseen, k: number, choice?: Choice): Promise<ByFeatures>;
  recommend(query: Query | Unseen, k: number, choice: Choice = {}): Promise<Recommendations | ByFeatures> {
    return typed(() => {
      check("k", k, "a number");
      return this.#remote.ask("recommend", strictly("query", query), k, strictly("choice", choice));
    });
  }

  /** Returns the `k` best items for many users: one list for each user, in the order of `users`. */
  recommendAll(users: readonly string[], k: number, choice: Choice = {}): Promise<ListsOfRecommendations> {
    return typed(() => {
      check("users", users, "a list of strings");
      check("k", k, "a number");
      return this.#remote.ask("recommendAll", users, k, strictly("choice", choice));
    });
  }

  /** Returns the `k` items closest to an item of the training data, or to another one described by features. */
  similar(item: string, k: number, choice?: Choice): Promise<Recommendations>;
  similar(item: Unseen, k: number, choice?: Choice): Promise<ByFeatures>;
  similar(item: string | Unseen, k: number, choice: Choice = {}): Promise<Recommendations | ByFeatures> {
    return typed(() => {
      const asked = typeof item === "object" ? strictly("item", item) : item;
      if (asked === item) check("item", item, "a string");
      check("k", k, "a number");
      return this.#remote.ask("similar", asked, k, strictly("choice", choice));
    });
  }

  /** Returns the items that a user has in the training and the validation part. */
  history(user: string): Promise<Item[]> {
    return typed(() => {
      check("user", user, "a string");
      return this.#remote.ask("history", user);
    });
  }

  /** Returns at most `limit` users whose id contains the text; `""` returns the first ones. */
  users(search: string, limit: number): Promise<string[]> {
    return typed(() => {
      checkSearch(search, limit);
      return this.#remote.ask("users", search, limit);
    });
  }

  /** Returns at most `limit` items whose title or id contains the text; `""` returns the first ones. */
  items(search: string, limit: number): Promise<Item[]> {
    return typed(() => {
      checkSearch(search, limit);
      return this.#remote.ask("items", search, limit);
    });
  }

  /**
   * Starts over with a fresh model on the same data. Options that are not given have their defaults, except `data`,
   * `split` and the features, which stay. The old model's memory is freed first. If there is still too little memory
   * (`out-of-memory`), the run has no model until the next reset. Rejected with `busy` while training.
   */
  async reset(options: RunOptions = {}): Promise<void> {
    this.#refuseWhileTraining("reset");
    check("options", options, "an object");
    const { backend = "auto", ...config } = options;
    check("backend", backend, "a string");
    const { data, split } = this.#about.config;
    this.#about = await this.#remote.ask("reset", { data, split, ...plain("options", config) }, backend);
  }

  /**
   * Sets the initial item embeddings of a run that has not begun, from a file of `export("items.json")` of this or another
   * run. Returns how many of the run's items the file contains; items are matched by id. Other items and all users start
   * as usual. The file is read in pieces.
   */
  startItems(file: Bytes): Promise<number> {
    return typed(async () => this.#remote.ask("startItems", await cloneable(asBlob(file))));
  }

  /**
   * Adds new users, items and interactions to the run, at the end of an epoch. The run keeps what it has learnt, and
   * training continues with all of the data. The new files must have the same columns as the run's files. Pairs that the
   * run already has are not added again, and every old pair stays in its part. A run that had ended trains for a fifth
   * more epochs, unless {@link TrainOptions.epochs} sets another number. Rejected with the code `config` within an epoch
   * and for a run with `tune`; the run then stays as it is. Rejected with `busy` while training.
   */
  extend(source: NewData): Promise<Extension> {
    return typed(async () => {
      this.#refuseWhileTraining("extend");
      const sent = await sendable(partsOf(source, true));
      const { extension, about } = await this.#remote.ask("extend", transfer(sent.parts, sent.transfer));
      this.#about = about;
      return extension;
    });
  }

  /**
   * Returns the run as a safetensors file that {@link Trainer.load} resumes, also in the middle of an epoch. The file
   * contains the data: anyone who has the file has the interactions that the run was trained on. It is written in pieces,
   * so that only memory of its own size is needed in addition to the model. Rejected with `out-of-memory` if there is too
   * little memory; the run stays as it is.
   */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#remote.ask("save");
  }

  /** Returns a file for other tools. */
  export(file: Export): Promise<Uint8Array<ArrayBuffer>> {
    return typed(() => {
      check("file", file, "a string");
      return this.#remote.ask("export", file);
    });
  }

  /** Ends the worker at once and frees all memory. Pending and later calls reject with `destroyed`. */
  destroy(): void {
    this.#remote.end(new TwoTowerError("destroyed", "the trainer was destroyed"));
  }

  #refuseWhileTraining(call: string): void {
    const message = `\`${call}\` was called while \`train\` was still running`;
    if (this.#training) throw new TwoTowerError("busy", message, { call });
  }
}

/** Kinds of the trainer's own options. */
const OWN = { backend: "a string", share: "true or false", signal: "an AbortSignal" } as const;

function checkSearch(search: string, limit: number): void {
  check("search", search, "a string");
  check("limit", limit, "a number");
}

/** Returns whether the page is hidden. A worker has no page. */
function isHidden(): boolean {
  return typeof document !== "undefined" && document.hidden;
}

/** Returns a blob that can be sent to a worker. Node.js cannot send the blob of a file (`openAsBlob`), so its bytes are read. */
async function cloneable(file: Blob): Promise<Blob> {
  try {
    return structuredClone(file);
  } catch {
    return new Blob([await file.arrayBuffer()]);
  }
}

/** Returns bytes as a blob that a worker reads in pieces. */
function asBlob(bytes: unknown): Blob {
  if (bytes instanceof Blob) return bytes;
  if (bytes instanceof ArrayBuffer) return new Blob([bytes]);
  // Bytes in shared memory must be copied.
  if (bytes instanceof Uint8Array) return new Blob([isOwn(bytes) ? bytes : new Uint8Array(bytes)]);
  throw TwoTowerError.data("bytes", "it is not a Uint8Array, ArrayBuffer or Blob");
}

function isOwn(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
