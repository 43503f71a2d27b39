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
  Item,
  ListsOfRecommendations,
  OptionSpec,
  Preset,
  Profile,
  Progress,
  Query,
  Recommendations,
  Report,
  Source,
  Unseen,
} from "./types.js";

/** The options of a run, and what it computes on. */
export interface RunOptions extends PartialConfig {
  /** `auto`, the default, takes a real GPU and else the CPU; `about.reason` says why. */
  backend?: Backend | "auto" | undefined;
}

/** The options of a run, and those of the trainer itself. */
export interface TrainerOptions extends RunOptions {
  /** Gives up the creation, or destroys the trainer, with the code `aborted`. */
  signal?: AbortSignal | undefined;
  /**
   * Whether to run in one worker, on one GPU device, with all other trainers that share. Default `false`: a worker of
   * its own, which {@link Trainer.destroy} ends at once, also in the middle of a step.
   */
  share?: boolean | undefined;
}

/** A file's bytes, as a page may have them. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;

/** How to go on from a saved run. */
export type LoadOptions = Pick<TrainerOptions, "backend" | "signal" | "share">;

/** How to train. */
export interface TrainOptions {
  /**
   * Epochs in all, those before included. Default: the config's `epochs`. A run that is over goes on for
   * more, unless it went back to its best epoch: that is refused with the code `config`.
   */
  epochs?: number | undefined;
  /**
   * Called many times a second. If it returns a promise, training waits for it: that is how to pause
   * within an epoch.
   */
  onProgress?: ((progress: Progress) => unknown) | undefined;
  /** Stops training after the slice at work, with the code `aborted`. The trainer stays usable. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds of training that a profile is of: the clocks of browsers are coarse, and compiled code is slow at first. */
const PROFILED = 500;

/** Milliseconds of training between two chances to pause, abort or answer other calls; more where nobody watches. */
const SLICE = { seen: 50, hidden: 250 };

/**
 * Trains a two-tower model in a Web Worker and answers from it. Calls may overlap, also with training:
 * they are answered in turn. Every promise rejects with a {@link TwoTowerError}, but for what `onProgress`
 * itself throws.
 */
export class Trainer {
  readonly #remote: Remote;
  #about: About;
  #training = false;
  /** Devices that were lost when `about` was asked for. */
  #recovered = 0;

  private constructor(remote: Remote, about: About) {
    this.#remote = remote;
    this.#about = about;
  }

  /** Every option with its bounds, default and meaning. Starts the worker that the next trainer takes. */
  static options(): Promise<OptionSpec[]> {
    return typed(() => Thread.ask((host) => host.options()));
  }

  /** The presets, from the quickest to the best. Starts the worker that the next trainer takes. */
  static presets(): Promise<Preset[]> {
    return typed(() => Thread.ask((host) => host.presets()));
  }

  /** Reads the source in a worker and makes a fresh model for it. */
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
   * Goes on from a run that {@link Trainer.save} gave: with its data, its options and all that it had learnt.
   * On the backend that it was on, every bit will be what it would have been. Refuses anything else with the
   * code `checkpoint`. The file is read in pieces: a `Blob`, such as a file from a disk, is never in memory as a whole.
   */
  static load(bytes: Bytes, options: LoadOptions = {}): Promise<Trainer> {
    return typed(async () => {
      check("options", options, "an object");
      const { backend = "auto", share = false, signal, ...others } = options;
      for (const key of Object.keys(others)) throw refusal(key, "a saved run has its options in its file", "backend, share, signal");
      checkOptional(options, OWN);
      if (signal?.aborted) throw aborted(signal);
      const file = await cloneable(asBlob(bytes));
      const make = (host: Proxied<Host>): Promise<Made> => host.load(file, backend);
      const { remote, about } = await Remote.make(make, { share, signal });
      return new Trainer(remote, about);
    });
  }

  /**
   * What the run is: its complete config, what its data came to, its backend and why. Where it is tuned, the
   * temperature is that of the last epoch that {@link Trainer.train} gave; after a lost device the backend is that of
   * the last slice.
   */
  get about(): About {
    return this.#about;
  }

  /**
   * Trains, and yields each epoch's report. Nothing is computed unless the next epoch is asked for: to
   * pause, stop pulling; a later call goes on from there. One call at a time, else `busy`.
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
   * Takes the next steps of the run, for half a second within its epoch, with a clock around each operation, and
   * tells where their time goes. Whether {@link Trainer.train} is at work or not, training goes on from them to the
   * same bits, and tells their losses. Refused with the code `not-available` where no step is left, and on an
   * adapter without `timestamp-query`.
   */
  profile(): Promise<Profile> {
    return this.#remote.ask("profile", PROFILED);
  }

  /** The run so far, as one document. */
  report(): Promise<Report> {
    return this.#remote.ask("report");
  }

  /**
   * The `k` best items for a user, or for a visitor who likes some items, without those they have; or for a user
   * who was never seen, by features, where the user tower takes any. If none of those is known, that is refused
   * with the code `config`.
   */
  recommend(query: Query, k: number, choice?: Choice): Promise<Recommendations>;
  recommend(query: Unseen, k: number, choice?: Choice): Promise<ByFeatures>;
  recommend(query: Query | Unseen, k: number, choice: Choice = {}): Promise<Recommendations | ByFeatures> {
    return typed(() => {
      check("k", k, "a number");
      return this.#remote.ask("recommend", strictly("query", query), k, strictly("choice", choice));
    });
  }

  /** The same for many users at once: a list for each, in their order. */
  recommendAll(users: readonly string[], k: number, choice: Choice = {}): Promise<ListsOfRecommendations> {
    return typed(() => {
      check("users", users, "a list of strings");
      check("k", k, "a number");
      return this.#remote.ask("recommendAll", users, k, strictly("choice", choice));
    });
  }

  /** The `k` items closest to an item, or to one that was never seen, by features. */
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

  /** The items that a user has in the training and the validation part. */
  history(user: string): Promise<Item[]> {
    return typed(() => {
      check("user", user, "a string");
      return this.#remote.ask("history", user);
    });
  }

  /** Up to `limit` users whose id contains the text; `""` gives the first ones. */
  users(search: string, limit: number): Promise<string[]> {
    return typed(() => {
      checkSearch(search, limit);
      return this.#remote.ask("users", search, limit);
    });
  }

  /** Up to `limit` items whose title or id contains the text; `""` gives the first ones. */
  items(search: string, limit: number): Promise<Item[]> {
    return typed(() => {
      checkSearch(search, limit);
      return this.#remote.ask("items", search, limit);
    });
  }

  /**
   * Starts over with a fresh model on the same data, with these options and else the defaults; what was said
   * of `data`, `split` and features stays. The old model's memory is free for the new one: if that is still too little
   * (`out-of-memory`), the run has ended until the next reset. `busy` while training.
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
   * Starts a run that has not begun from the item embeddings of a file that `export("items.json")` gave, here or
   * elsewhere: how many items had one, by their ids. The others start as they would have, and so do users.
   */
  startItems(file: Bytes): Promise<number> {
    return typed(async () => {
      const whole = new Uint8Array(await asBlob(file).arrayBuffer());
      return this.#remote.ask("startItems", transfer(whole, [whole.buffer]));
    });
  }

  /**
   * The run as a safetensors file that {@link Trainer.load} goes on from, also in the midst of an epoch. It has
   * the data in it: whoever gets the file, gets the interactions that it was trained on. It is written in pieces: what
   * it takes beside the model is the file itself. `out-of-memory` if there is no room for that; the run stays as it is.
   */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#remote.ask("save");
  }

  /** A file for other tools. */
  export(file: Export): Promise<Uint8Array<ArrayBuffer>> {
    return typed(() => {
      check("file", file, "a string");
      return this.#remote.ask("export", file);
    });
  }

  /** Ends the worker at once and gives back all memory. Pending and later calls reject with `destroyed`. */
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

/** Whether nobody sees the page. A worker has none. */
function isHidden(): boolean {
  return typeof document !== "undefined" && document.hidden;
}

/** Returns a blob that can be sent to a worker. Node.js cannot send one that lies in a file (`openAsBlob`): it is read. */
async function cloneable(file: Blob): Promise<Blob> {
  try {
    return structuredClone(file);
  } catch {
    return new Blob([await file.arrayBuffer()]);
  }
}

/** Bytes as a file that a worker reads in pieces. */
function asBlob(bytes: unknown): Blob {
  if (bytes instanceof Blob) return bytes;
  if (bytes instanceof ArrayBuffer) return new Blob([bytes]);
  // Bytes of shared memory have to be copied.
  if (bytes instanceof Uint8Array) return new Blob([isOwn(bytes) ? bytes : new Uint8Array(bytes)]);
  throw TwoTowerError.data("bytes", "they are no Uint8Array, ArrayBuffer or Blob");
}

function isOwn(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
