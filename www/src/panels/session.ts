/** The run that the page shows: its trainer, its state and what it has measured so far. */

import {
  type EpochReport,
  type Final,
  type Metrics,
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
 * `opening` reads the first data, `ready` has a fresh model, `waiting` waits for another run of the page, `failed` has no
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

/** Data, and settings for it, that are not the run's yet. */
export interface Candidate {
  dataSet: DataSet;
  settings: Settings;
  /** Why it was refused; none while it is opened. */
  error?: TwoTowerError;
}

/** Bytes of the largest run of which the page has a copy, and milliseconds between two copies. */
const COPIED = { most: 64 * 2 ** 20, pause: 10_000 };

/** Milliseconds that a run has to stop. A longer step is ended with its worker. */
const PATIENCE = 2000;

/** Sends `change` whenever something that it shows has changed. */
export class Session extends EventTarget {
  phase: Phase = "opening";
  error: TwoTowerError | undefined;
  specs: readonly OptionSpec[] = [];
  presets: readonly Preset[] = [];
  /** The data of the model at hand. */
  dataSet: DataSet | undefined;
  trainer: Trainer | undefined;
  /** What is being opened in its place, or was refused. The model at hand stays until another one is there. */
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
  /** How the run went on after its device or its worker was lost. */
  recovered: Recovery | undefined;
  /** Whether it waits for a run to stop. */
  stopping = false;
  /** How much has arrived of the data that is being opened. */
  arrived: Arrived | undefined;
  /** Counts the runs. */
  run = 0;
  /** Counts the models that could be asked: fresh ones, and those after an epoch. */
  version = 0;
  /** Asked before a trained model is given up: keeps it elsewhere, and tells whether it may go. */
  rescue: (() => Promise<boolean>) | undefined;

  #wanted: Settings;
  /** Settings of the model at hand. */
  #used: Settings;
  /** Ends the trainer at hand. */
  #life = new AbortController();
  /** Gives up what is being opened. */
  #opening = new AbortController();
  #run = new AbortController();
  #gate: PromiseWithResolvers<unknown> | undefined;
  /** A copy of the run, for the case that its worker dies, and when it was made. */
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

  /** Whether the model at hand was made with other settings than those wanted. */
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

  /** Takes new settings: at once where no training is lost, else at the next reset. */
  async configure(settings: Settings): Promise<void> {
    const { candidate } = this;
    if (candidate && this.isOpening) return this.open(candidate.dataSet, settings, false);
    this.#wanted = settings;
    this.#changed();
    if (!this.isTrained) await this.reset();
  }

  /** Takes settings for the data that was refused, and opens it again; else for the run. */
  correct(settings: Settings): Promise<void> {
    const { candidate } = this;
    return candidate && candidate.dataSet !== this.dataSet ? this.open(candidate.dataSet, settings) : this.configure(settings);
  }

  /** Forgets the data that was refused. */
  dismiss(): void {
    this.#opening.abort();
    if (this.error === this.candidate?.error) this.error = undefined;
    this.candidate = undefined;
    this.#changed();
  }

  /** Turns to a data set. The run before it ends once the new one is there. */
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
    // Settings that were refused are none to train with.
    if (this.phase === "ready" && !this.stale && (await this.#takeTurn("ready"))) await this.#train();
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
    const { trainer, dataSet } = this;
    const known = dataSet ?? this.candidate?.dataSet;
    if (known === undefined) return Promise.resolve();
    if (trainer === undefined || this.#mustReopen()) return this.open(known, this.#wanted, false);
    this.#resetting = this.#restart(trainer, known);
    return this.#resetting;
  }

  /** Gives up everything: nothing goes on in the background. */
  close(): void {
    this.#wait.abort();
    this.#opening.abort();
    this.#life.abort();
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

  /** Counts what was asked to take the place of the run. */
  #asked = 0;
  /** Settled when the last reset is done. */
  #resetting: Promise<void> = Promise.resolve();
  /** Settled when no training is at work. */
  #idle: Promise<unknown> = Promise.resolve();

  async #restart(trainer: Trainer, dataSet: DataSet): Promise<void> {
    const wanted = this.#wanted;
    const asked = ++this.#asked;
    this.dismiss();
    // A later reset takes the place of this one.
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

  /** Stops the run at hand and has it kept elsewhere. Returns whether it may go. */
  async #giveUp(): Promise<boolean> {
    this.#wait.abort();
    if (this.trainer === undefined) return true;
    const { run } = this;
    // One that rests stops at once: its buttons stay as they are.
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

  /** The phase of the model at hand while nothing is at work. */
  #atRest(): Phase {
    return this.final ? "finished" : this.progress ? "paused" : "ready";
  }

  async #train(): Promise<void> {
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
    // A run that is given up meanwhile needs none.
    const file = await trainer.save().catch(() => undefined);
    if (file && trainer === this.trainer) this.#copy.file = new Blob([file]);
  }

  /** Opens the copy of a run whose worker has died, once. Returns whether there was one. */
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
    // A trial's losses are none of the run's.
    if (progress.trial === null) this.loss.push(progress, about.config.batchSize);
    else this.trials = withSlice(this.trials, progress, progress.trial, about.config.batchSize);
    if (progress.recovered > (this.progress?.recovered ?? 0)) void this.#tellRecovery();
    this.progress = progress;
    this.#changed();
  }

  /** Learns how the run went on after its device was lost. */
  async #tellRecovery(): Promise<void> {
    const report = await this.trainer?.report().catch(() => undefined);
    this.recovered = report?.recovered.at(-1);
    this.#changed();
  }

  /** Reads the data, for a fresh model or for a saved run's, and turns to it once it is there. */
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

  /** Learns which options there are, also where the data cannot be opened. */
  async #learn(): Promise<void> {
    if (this.specs.length > 0) return;
    [this.specs, this.presets] = await Promise.all([Trainer.options(), Trainer.presets()]);
    this.#changed();
  }

  /** Tells why a candidate is not taken. The model at hand stays, if there is one. */
  #refuse(candidate: Candidate): void {
    this.candidate = candidate;
    this.error = candidate.error;
    if (this.trainer === undefined) this.#to("failed");
    else if (this.phase === "training" && this.#run.signal.aborted) this.#to(this.#atRest());
    else this.#changed();
  }

  /** Shows the model at hand as a fresh one, or as a run that was saved. */
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

  /** Whether the data is to be read anew: for other options of its own, or because the worker may be gone. */
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

/** Errors of settings that cannot be had, which leave the model at hand as it is. */
const REFUSED: readonly TwoTowerError["code"][] = ["config", "not-available", "limit", "out-of-memory", "data"];

/** Options that the data was read with: towers of features take more of it. */
const DATA = /^(split|data)\.|^towers\.\w+\.(id|features)$/;

/** Time of a run without its evaluation. */
function training(progress: Progress | undefined): number {
  return progress ? progress.seconds - progress.evaluationSeconds : 0;
}

/** Follows a jumping rate within about ten slices. */
function smooth(before: number, now: number): number {
  return before === 0 ? now : before + 0.1 * (now - before);
}

function gaveUp(thrown: unknown): boolean {
  return thrown instanceof TwoTowerError && (thrown.code === "aborted" || thrown.code === "destroyed");
}
