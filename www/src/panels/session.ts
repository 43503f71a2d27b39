/** The run that the page shows: its trainer, its state and its measurements so far. */

import {
  type EpochReport,
  type Extension,
  type Final,
  type Metrics,
  type NewData,
  type OptionSpec,
  type Preset,
  type Progress,
  type Recovery,
  type Report,
  Trainer,
  TwoTowerError,
} from "../index.js";
import type { Arrived, DataSet } from "./data-set.js";
import { learnSpeed } from "./estimate.js";
import { curveOf, endOf, LossCurve } from "./loss-curve.js";
import { runOptions, same, type Settings, valuesOf } from "./settings.js";
import { trialsOf, type TrialRun, withSlice } from "./trials.js";
import type { Release, Turns } from "./turns.js";

/**
 * `opening`: reads the first data. `ready`: has a fresh model. `waiting`: another run of the page trains. `failed`: has no
 * model, or one that cannot continue. `reset` leads from every phase to `ready`.
 */
export type Phase = "opening" | "ready" | "waiting" | "training" | "paused" | "finished" | "failed";

/** Resources that the runs of a page share. */
export interface Neighbours {
  /** Whether the run shares its worker, and so its GPU device, with them. */
  share: boolean;
  /** The queue that lets one of them train at a time. */
  turns: Turns;
}

/** A data set and settings that are being opened, or that were rejected. */
export interface Candidate {
  dataSet: DataSet;
  settings: Settings;
  /** The reason for its rejection; none while it is being opened. */
  error?: TwoTowerError;
}

/** Bytes of the largest run that the page copies, and milliseconds between two copies. */
const COPIED = { most: 64 * 2 ** 20, pause: 10_000 };

/** Milliseconds that a run has to stop. If a step takes longer, its worker is terminated. */
const PATIENCE = 2000;

/** State of the page's run. Sends `change` after each change. */
export class Session extends EventTarget {
  phase: Phase = "opening";
  error: TwoTowerError | undefined;
  specs: readonly OptionSpec[] = [];
  presets: readonly Preset[] = [];
  /** Data of the current model. */
  dataSet: DataSet | undefined;
  trainer: Trainer | undefined;
  /** Data that is being opened, or was rejected. The current model stays until the next one is ready. */
  candidate: Candidate | undefined;
  progress: Progress | undefined;
  loss = new LossCurve();
  epochs: EpochReport[] = [];
  /** Trials so far. */
  trials: readonly TrialRun[] = [];
  popularity: Metrics | undefined;
  /** The model that a finished run keeps. */
  final: Final | undefined;
  pairsPerSecond = 0;
  /** Pairs that a saved run had been trained on when it was opened. */
  pairsBefore = 0;
  /** How the run resumed after its device or its worker was lost. */
  recovered: Recovery | undefined;
  /** Whether it waits for a run to stop. */
  stopping = false;
  /** Bytes that have arrived of the data that is being opened. */
  arrived: Arrived | undefined;
  /** Counts the runs. */
  run = 0;
  /** Counts the states of the model: a fresh model, and the model after each epoch. */
  version = 0;
  /** Called before a trained model is discarded: keeps it elsewhere, and returns whether it may be discarded. */
  rescue: (() => Promise<boolean>) | undefined;

  #wanted: Settings;
  /** Settings of the current model. */
  #used: Settings;
  /** Ends the current trainer. */
  #life = new AbortController();
  /** Aborts the opening of data. */
  #opening = new AbortController();
  #run = new AbortController();
  #gate: PromiseWithResolvers<unknown> | undefined;
  /** A copy of the run, in case its worker dies, and the time of the copy. */
  #copy: { file?: Blob; at: number } = { at: -Infinity };

  constructor(
    settings: Settings,
    private readonly neighbours?: Neighbours,
  ) {
    super();
    this.#wanted = this.#used = settings;
  }

  /** The settings of the next run. */
  get settings(): Settings {
    return this.isOpening ? (this.candidate?.settings ?? this.#wanted) : this.#wanted;
  }

  /** Whether the current model has other settings than the wanted ones. */
  get stale(): boolean {
    return !same(this.#used, this.#wanted);
  }

  /** Whether other data, or the same with other options, is being opened. */
  get isOpening(): boolean {
    return this.candidate !== undefined && this.candidate.error === undefined;
  }

  /** Whether a reset would lose training. */
  get isTrained(): boolean {
    return this.phase !== "failed" && this.progress !== undefined;
  }

  /** Applies new settings: at once if no training is lost, else at the next reset. */
  async configure(settings: Settings): Promise<void> {
    const { candidate } = this;
    if (candidate && this.isOpening) return this.open(candidate.dataSet, settings, false);
    this.#wanted = settings;
    this.#changed();
    if (!this.isTrained) await this.reset();
  }

  /** Applies settings to the data that was rejected and opens it again; without such data, applies them to the run. */
  correct(settings: Settings): Promise<void> {
    const { candidate } = this;
    return candidate && candidate.dataSet !== this.dataSet ? this.open(candidate.dataSet, settings) : this.configure(settings);
  }

  /** Removes the data that was rejected. */
  dismiss(): void {
    this.#opening.abort();
    if (this.error === this.candidate?.error) this.error = undefined;
    this.candidate = undefined;
    this.#changed();
  }

  /** Opens a data set. The previous run ends when the new one is ready. */
  open(dataSet: DataSet, settings = this.#wanted, resumes = true): Promise<void> {
    this.#resetting = this.#open(dataSet, settings, resumes ? dataSet.resume : undefined);
    return this.#resetting;
  }

  /** Starts a fresh run or resumes a paused one. */
  async start(): Promise<void> {
    if (this.phase === "paused") {
      if (!(await this.#takeTurn("paused"))) return;
      if (this.#gate === undefined) return this.#train();
      this.#to("training");
      this.#gate.resolve(undefined);
      this.#gate = undefined;
      return;
    }
    await this.#resetting;
    if (this.phase === "finished" || (this.phase === "ready" && this.stale)) await this.reset();
    // If the settings were rejected, the run does not start.
    if (this.phase === "ready" && !this.stale && (await this.#takeTurn("ready"))) await this.#train();
  }

  /** Pauses between two slices of training until `start`. A run that waits for its turn leaves the queue. */
  pause(): void {
    this.#wait.abort();
    if (this.phase !== "training") return;
    this.#gate = Promise.withResolvers();
    this.#to("paused");
    this.#releaseTurn();
  }

  /** Replaces the run by a fresh model with the wanted settings. */
  reset(): Promise<void> {
    const { trainer, dataSet } = this;
    const known = dataSet ?? this.candidate?.dataSet;
    if (known === undefined) return Promise.resolve();
    if (trainer === undefined || this.#mustReopen()) return this.open(known, this.#wanted, false);
    this.#resetting = this.#restart(trainer, known);
    return this.#resetting;
  }

  /** Adds new data to the run. A run in the middle of an epoch first trains to its end. */
  async extend(source: NewData): Promise<Extension> {
    const { trainer, run } = this;
    if (trainer === undefined) throw new TwoTowerError("destroyed", "there is no run to add data to");
    this.#run.abort();
    await this.#idle;
    const extension = await trainer.extend(source).catch(async (thrown: unknown) => {
      const { data } = TwoTowerError.from(thrown);
      if (data.key !== "extend" || !(await this.#takeTurn(this.phase))) throw thrown;
      await this.#train(true);
      return trainer.extend(source);
    });
    this.#releaseTurn();
    const { progress, popularity } = await trainer.report();
    if (trainer === this.trainer && run === this.run) {
      [this.progress, this.popularity, this.final] = [progress, popularity ?? undefined, undefined];
      this.version++;
      this.#to("paused");
    }
    return extension;
  }

  /** Ends everything, so that nothing runs in the background. */
  close(): void {
    this.#wait.abort();
    this.#opening.abort();
    this.#life.abort();
    this.#releaseTurn();
  }

  /** Ends the wait for the turn. */
  #wait = new AbortController();
  #release: Release | undefined;

  /**
   * Waits for the turn to train. Returns whether the run got it; otherwise sets the phase back to `before`. A later call
   * replaces this one.
   */
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

  /** Counts the requests to replace the run. */
  #asked = 0;
  /** Settles when the last reset is done. */
  #resetting: Promise<void> = Promise.resolve();
  /** Settles when no training is running. */
  #idle: Promise<unknown> = Promise.resolve();

  async #restart(trainer: Trainer, dataSet: DataSet): Promise<void> {
    const wanted = this.#wanted;
    const asked = ++this.#asked;
    this.dismiss();
    // A later reset replaces this one.
    if (!(await this.#giveUp()) || asked !== this.#asked) return;
    if (this.trainer === undefined) return this.#open(dataSet, wanted);
    if (trainer !== this.trainer) return;
    try {
      await trainer.reset(runOptions(wanted, dataSet));
      this.#used = wanted;
      this.#fresh();
    } catch (thrown) {
      if (trainer !== this.trainer) return;
      const error = TwoTowerError.from(thrown);
      if (REFUSED.includes(error.code)) this.#refuse({ dataSet, settings: wanted, error });
      else this.#fail(error);
    }
  }

  /** Stops the current run and calls `rescue`. Returns whether the run may be discarded. */
  async #giveUp(): Promise<boolean> {
    this.#wait.abort();
    if (this.trainer === undefined) return true;
    const { run } = this;
    // A run that is not training stops at once, so its buttons stay as they are.
    this.stopping = this.phase === "training";
    this.#run.abort();
    this.#changed();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(true), PATIENCE)));
    const isLate = await Promise.race([this.#idle.then(() => false), late]);
    clearTimeout(timer);
    this.#releaseTurn();
    if (isLate) {
      this.#life.abort();
      this.trainer = undefined;
      this.phase = "opening";
    }
    const mayGo = isLate || !this.isTrained || this.rescue === undefined || (await this.rescue());
    this.stopping = false;
    if (run !== this.run) return this.#giveUp();
    if (!mayGo) this.#to(this.#atRest());
    return mayGo;
  }

  /** Returns the phase of the current model while nothing is running. */
  #atRest(): Phase {
    return this.final ? "finished" : this.progress ? "paused" : "ready";
  }

  /** Trains to the end of the run; with `one`, to the end of the current epoch. */
  async #train(one = false): Promise<void> {
    const { trainer } = this;
    if (trainer === undefined) return;
    this.#run = new AbortController();
    const { signal } = this.#run;
    const onProgress = (progress: Progress): Promise<unknown> | undefined => {
      this.#took(progress, trainer);
      return this.#gate?.promise;
    };
    this.error = undefined;
    this.#to("training");
    const idle = Promise.withResolvers();
    this.#idle = idle.promise;
    try {
      for await (const epoch of trainer.train({ onProgress, signal })) {
        this.epochs = [...this.epochs, epoch];
        learnSpeed(trainer.about.backend, epoch);
        this.version++;
        this.#changed();
        void this.#copyRun(trainer);
        if (one) {
          this.#to("paused");
          return;
        }
      }
      this.final = (await trainer.report()).final ?? undefined;
      this.#to("finished");
    } catch (thrown) {
      if (!gaveUp(thrown)) {
        if (await this.#revived(thrown, signal)) await this.#train();
        else this.#fail(thrown);
      }
    } finally {
      if (signal.aborted) this.#gate = undefined;
      if (this.phase !== "paused" && this.phase !== "training") this.#releaseTurn();
      idle.resolve(undefined);
    }
  }

  /** Copies a small run into the page. */
  async #copyRun(trainer: Trainer): Promise<void> {
    const now = performance.now();
    if (trainer.about.memoryBytes > COPIED.most || now - this.#copy.at < COPIED.pause) return;
    this.#copy.at = now;
    // A run that was discarded meanwhile needs no copy.
    const file = await trainer.save().catch(() => undefined);
    if (file && trainer === this.trainer) this.#copy.file = new Blob([file]);
  }

  /** Resumes a run whose worker has died from its copy. A copy is used only once. Returns whether that succeeded. */
  async #revived(thrown: unknown, { aborted }: AbortSignal): Promise<boolean> {
    const { file } = this.#copy;
    if (aborted || file === undefined || TwoTowerError.from(thrown).code !== "worker") return false;
    this.#copy = { at: -Infinity };
    const life = (this.#life = new AbortController());
    try {
      const options = { backend: this.#used.backend, share: this.neighbours?.share, signal: life.signal };
      const trainer = await Trainer.load(file, options);
      const { progress, epochs } = await trainer.report();
      if (life !== this.#life) return false;
      this.trainer = trainer;
      this.loss = new LossCurve(progress, this.loss.points(endOf(progress)));
      [this.progress, this.epochs] = [progress, epochs];
      const reason = TwoTowerError.from(thrown).message;
      this.recovered = { epochs: epochs.length, step: progress.step % progress.steps, reason, backend: trainer.about.backend };
      this.version++;
      return true;
    } catch {
      return false;
    }
  }

  #took(progress: Progress, { about }: Trainer): void {
    const seconds = training(progress) - training(this.progress);
    const pairs = progress.pairs - (this.progress?.pairs ?? 0);
    if (seconds > 0) this.pairsPerSecond = smooth(this.pairsPerSecond, pairs / seconds);
    // The losses of a trial do not belong to the run.
    if (progress.trial === null) this.loss.push(progress, about.config.batchSize);
    else this.trials = withSlice(this.trials, progress, progress.trial, about.config.batchSize);
    if (progress.recovered > (this.progress?.recovered ?? 0)) void this.#tellRecovery();
    this.progress = progress;
    this.#changed();
  }

  /** Reads how the run resumed after its device was lost. */
  async #tellRecovery(): Promise<void> {
    const report = await this.trainer?.report().catch(() => undefined);
    this.recovered = report?.recovered.at(-1);
    this.#changed();
  }

  /** Reads the data of a fresh model or of a saved run, and shows the model when it is ready. */
  async #open(dataSet: DataSet, settings: Settings, resume?: DataSet["resume"]): Promise<void> {
    this.#asked++;
    this.#opening.abort();
    const control = (this.#opening = new AbortController());
    const { signal } = control;
    const candidate = (this.candidate = { dataSet, settings });
    this.error = this.arrived = undefined;
    if (this.trainer === undefined) {
      this.#wanted = settings;
      this.phase = "opening";
    }
    this.#changed();
    try {
      const { backend } = settings;
      const shared = { share: this.neighbours?.share, signal };
      const learning = this.#learn();
      const making = resume
        ? resume({ backend, ...shared })
        : dataSet.create({ ...runOptions(settings, dataSet), ...shared }, (arrived) => this.#arrive(arrived, signal));
      const [trainer] = await Promise.all([making, learning]);
      const report = await trainer.report();
      if (signal.aborted) return;
      if (!(await this.#giveUp())) {
        control.abort();
        if (this.candidate === candidate) this.dismiss();
        return;
      }
      if (control.signal.aborted) return;
      this.#life.abort();
      this.#life = control;
      this.#opening = new AbortController();
      [this.dataSet, this.trainer, this.candidate] = [dataSet, trainer, undefined];
      this.popularity = report.popularity ?? undefined;
      this.#used = this.#wanted = resume ? { backend, values: valuesOf(trainer.about.config, this.specs) } : settings;
      this.#fresh(resume && report);
    } catch (thrown) {
      if (!signal.aborted) this.#refuse({ ...candidate, error: TwoTowerError.from(thrown) });
    }
  }

  #arrive(arrived: Arrived, { aborted }: AbortSignal): void {
    if (aborted) return;
    this.arrived = arrived;
    this.#changed();
  }

  /** Loads the list of options, also if the data cannot be opened. */
  async #learn(): Promise<void> {
    if (this.specs.length > 0) return;
    [this.specs, this.presets] = await Promise.all([Trainer.options(), Trainer.presets()]);
    this.#changed();
  }

  /** Shows why a candidate was rejected. The current model stays, if there is one. */
  #refuse(candidate: Candidate): void {
    this.candidate = candidate;
    this.error = candidate.error;
    if (this.trainer === undefined) this.#to("failed");
    else if (this.phase === "training" && this.#run.signal.aborted) this.#to(this.#atRest());
    else this.#changed();
  }

  /** Shows the current model as a fresh one, or as a saved run. */
  #fresh(saved?: Report): void {
    this.#gate = undefined;
    this.error = undefined;
    this.progress = saved && saved.progress.pairs > 0 ? saved.progress : undefined;
    this.pairsBefore = this.progress?.pairs ?? 0;
    this.epochs = saved?.epochs ?? [];
    this.trials = trialsOf(saved?.trials ?? []);
    this.loss = saved ? new LossCurve(saved.progress, this.dataSet?.curve ?? curveOf(this.epochs)) : new LossCurve();
    this.final = saved?.final ?? undefined;
    this.pairsPerSecond = 0;
    this.recovered = undefined;
    this.#copy = { at: -Infinity };
    this.run++;
    this.version++;
    this.#to(this.#atRest());
  }

  /** Returns whether the data must be read again: because its options changed, or because the worker may have ended. */
  #mustReopen(): boolean {
    if (this.phase === "failed" && this.error?.code !== "non-finite") return true;
    // The seed also draws the test part, unless that is given.
    const ofData = this.dataSet?.given ? DATA : new RegExp(`${DATA.source}|^seed$`);
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

/** Errors of rejected settings, which do not affect the current model. */
const REFUSED: readonly TwoTowerError["code"][] = ["config", "not-available", "limit", "out-of-memory", "data"];

/** Options that apply when data is read; towers with features use more of its columns. */
const DATA = /^(split|data)\.|^towers\.\w+\.(id|features)$/;

/** Returns the time of a run without its evaluation. */
function training(progress: Progress | undefined): number {
  return progress ? progress.seconds - progress.evaluationSeconds : 0;
}

/** Smooths a rate over about ten slices. */
function smooth(before: number, now: number): number {
  return before === 0 ? now : before + 0.1 * (now - before);
}

function gaveUp(thrown: unknown): boolean {
  return thrown instanceof TwoTowerError && (thrown.code === "aborted" || thrown.code === "destroyed");
}
