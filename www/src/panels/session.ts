/** The run that the page shows: its trainer, its state and what it has measured so far. */

import {
  type EpochReport,
  type Final,
  type Metrics,
  type OptionSpec,
  type Preset,
  type Progress,
  type RunOptions,
  Trainer,
  TwoTowerError,
} from "../index.js";
import type { DataSet } from "./data-set.js";
import { LossCurve } from "./loss-curve.js";
import { runOptions, same, type Settings, valuesOf } from "./settings.js";
import type { Release, Turns } from "./turns.js";

/**
 * `opening` reads the data, `ready` has a fresh model, `waiting` waits for another run of the page, `failed` has no
 * model or one that cannot continue; `reset` leads back to `ready` from everywhere.
 */
export type Phase = "opening" | "ready" | "waiting" | "training" | "paused" | "finished" | "failed";

/** Resources that the runs of a page share. */
export interface Neighbours {
  /** Whether it shares its worker, and so its GPU device, with them. */
  share: boolean;
  /** The queue that lets one of them train at a time. */
  turns: Turns;
}

/** Sends `change` whenever something that it shows has changed. */
export class Session extends EventTarget {
  phase: Phase = "opening";
  error: TwoTowerError | undefined;
  specs: readonly OptionSpec[] = [];
  presets: readonly Preset[] = [];
  trainer: Trainer | undefined;
  progress: Progress | undefined;
  loss = new LossCurve();
  epochs: EpochReport[] = [];
  /** Epochs that a saved run had before it was opened. */
  had = 0;
  popularity: Metrics | undefined;
  /** The model that a finished run keeps. */
  final: Final | undefined;
  pairsPerSecond = 0;
  /** Counts the runs. */
  run = 0;
  /** Counts the models that could be asked: fresh ones, and those after an epoch. */
  version = 0;

  #dataSet: DataSet | undefined;
  #wanted: Settings;
  /** What the model at hand was made with. */
  #used: Settings;
  #opening = new AbortController();
  #run = new AbortController();
  #gate: PromiseWithResolvers<unknown> | undefined;

  constructor(
    settings: Settings,
    private readonly neighbours?: Neighbours,
  ) {
    super();
    this.#wanted = this.#used = settings;
  }

  get settings(): Settings {
    return this.#wanted;
  }

  /** Whether the model at hand was made with other settings than those wanted. */
  get stale(): boolean {
    return !same(this.#used, this.#wanted);
  }

  /** Takes new settings: at once where no training is lost, else at the next reset. */
  async configure(settings: Settings): Promise<void> {
    this.#wanted = settings;
    this.#changed();
    const trained = this.phase === "waiting" ? this.progress !== undefined : TRAINED.includes(this.phase);
    if (!trained) await this.reset();
  }

  /** Takes settings for the data set that is opened next. */
  settle(settings: Settings): void {
    this.#wanted = settings;
  }

  /** Turns to a data set; the run before it ends. */
  open(dataSet: DataSet): Promise<void> {
    this.#dataSet = dataSet;
    this.#resetting = this.#open(dataSet.resume);
    return this.#resetting;
  }

  /** Starts a fresh run or resumes a paused one. */
  async start(): Promise<void> {
    if (this.phase === "paused") {
      if (!(await this.#takeTurn("paused"))) return;
      this.#to("training");
      this.#gate?.resolve(undefined);
      return;
    }
    if (this.phase === "finished") await this.reset();
    await this.#resetting;
    if (this.phase === "ready" && (await this.#takeTurn("ready"))) await this.#train();
  }

  /** Stops between two slices of training until `start`; one that waits for its turn gives up its place. */
  pause(): void {
    this.#wait.abort();
    if (this.phase !== "training") return;
    this.#gate = Promise.withResolvers();
    this.#to("paused");
    this.#releaseTurn();
  }

  /** Gives up the run for a fresh model with the wanted settings. */
  reset(): Promise<void> {
    const { trainer } = this;
    this.#resetting = trainer === undefined || this.#mustReopen() ? this.#open() : this.#restart(trainer);
    return this.#resetting;
  }

  /** Gives up everything: nothing goes on in the background. */
  close(): void {
    this.#wait.abort();
    this.#opening.abort();
    this.#releaseTurn();
  }

  /** Gives up waiting for the turn. */
  #wait = new AbortController();
  #release: Release | undefined;

  /** Waits for the turn to train. Returns whether it came: otherwise the phase is `before` again. A later call takes the place of this one. */
  async #takeTurn(before: Phase): Promise<boolean> {
    this.#wait.abort();
    const { signal } = (this.#wait = new AbortController());
    if (this.neighbours?.turns.taken) this.#to("waiting");
    const release = await this.neighbours?.turns.take(signal);
    if (signal.aborted) {
      release?.();
      if (this.phase === "waiting") this.#to(before);
      return false;
    }
    this.#release = release;
    return true;
  }

  #releaseTurn(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** Settled when the last reset is done. */
  #resetting: Promise<void> = Promise.resolve();
  /** Settled when no training is at work. */
  #idle: Promise<unknown> = Promise.resolve();

  async #restart(trainer: Trainer): Promise<void> {
    this.#wait.abort();
    this.#run.abort();
    await this.#idle;
    this.#used = this.#wanted;
    try {
      await trainer.reset(this.#options());
      this.#fresh();
    } catch (thrown) {
      if (trainer === this.trainer) this.#fail(thrown);
    }
  }

  async #train(): Promise<void> {
    const { trainer } = this;
    if (trainer === undefined) return;
    this.#run = new AbortController();
    const { signal } = this.#run;
    const onProgress = (progress: Progress): Promise<unknown> | undefined => {
      this.#took(progress);
      return this.#gate?.promise;
    };
    this.#to("training");
    const idle = Promise.withResolvers();
    this.#idle = idle.promise;
    try {
      for await (const epoch of trainer.train({ onProgress, signal })) {
        this.epochs = [...this.epochs, epoch];
        this.version++;
        this.#changed();
      }
      this.final = (await trainer.report()).final ?? undefined;
      this.#to("finished");
    } catch (thrown) {
      if (!gaveUp(thrown)) this.#fail(thrown);
    } finally {
      if (this.phase !== "paused") this.#releaseTurn();
      idle.resolve(undefined);
    }
  }

  #took(progress: Progress): void {
    const seconds = progress.seconds - (this.progress?.seconds ?? 0);
    const pairs = progress.pairs - (this.progress?.pairs ?? 0);
    if (seconds > 0) this.pairsPerSecond = smooth(this.pairsPerSecond, pairs / seconds);
    // A trial's losses are none of the run's.
    if (progress.trial === null) this.loss.push(progress.losses, progress.steps);
    this.progress = progress;
    this.#changed();
  }

  /** Reads the data anew, for a fresh model, or goes on with a saved run. */
  async #open(resume?: DataSet["resume"]): Promise<void> {
    this.#wait.abort();
    // This ends the trainer at hand, too.
    this.#opening.abort();
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    const dataSet = this.#dataSet;
    this.#used = this.#wanted;
    this.trainer = undefined;
    this.#clear();
    this.#to("opening");
    if (dataSet === undefined) return;
    try {
      const { backend } = this.#wanted;
      const shared = { share: this.neighbours?.share, signal };
      const making = resume ? resume({ backend, ...shared }) : dataSet.create({ ...this.#options(), ...shared });
      const [specs, presets, trainer] = await Promise.all([Trainer.options(), Trainer.presets(), making]);
      const { popularity, epochs, final } = await trainer.report();
      if (signal.aborted) return;
      this.specs = specs;
      this.presets = presets;
      this.trainer = trainer;
      this.popularity = popularity ?? undefined;
      if (resume) this.#used = this.#wanted = { backend, values: valuesOf(trainer.about.config, specs) };
      this.#fresh();
      this.epochs = epochs;
      this.had = epochs.length;
      this.loss = new LossCurve(epochs.length);
      this.final = final ?? undefined;
      this.#to(final ? "finished" : "ready");
    } catch (thrown) {
      if (!signal.aborted) this.#fail(thrown);
    }
  }

  #options(): RunOptions {
    return runOptions(this.#wanted, this.#dataSet ?? { given: false });
  }

  #fresh(): void {
    this.#clear();
    this.run++;
    this.version++;
    this.#to("ready");
  }

  #clear(): void {
    this.#gate = undefined;
    this.error = undefined;
    this.progress = undefined;
    this.loss = new LossCurve();
    this.epochs = [];
    this.had = 0;
    this.final = undefined;
    this.pairsPerSecond = 0;
  }

  /** Whether the data is to be read anew: for other options of its own, or because the worker may be gone. */
  #mustReopen(): boolean {
    if (this.phase === "failed" && this.error?.code !== "non-finite") return true;
    // The seed also draws the test part, unless that is given.
    const ofData = this.#dataSet?.given ? DATA : new RegExp(`${DATA.source}|^seed$`);
    const chosen = ({ values }: Settings): string =>
      JSON.stringify(Object.entries(values).filter(([key]) => ofData.test(key)));
    return chosen(this.#used) !== chosen(this.#wanted);
  }

  #fail(thrown: unknown): void {
    this.#wait.abort();
    this.error = TwoTowerError.from(thrown);
    this.#to("failed");
  }

  #to(phase: Phase): void {
    this.phase = phase;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** Phases in which a reset would lose training. */
const TRAINED: readonly Phase[] = ["training", "paused", "finished"];

/** Options that the data was read with: towers of features take more of it. */
const DATA = /^(split|data)\.|^towers\.\w+\.(id|features)$/;

/** Follows a jumping rate within about ten slices. */
function smooth(before: number, now: number): number {
  return before === 0 ? now : before + 0.1 * (now - before);
}

function gaveUp(thrown: unknown): boolean {
  return thrown instanceof TwoTowerError && (thrown.code === "aborted" || thrown.code === "destroyed");
}
