/** Strategies that are trained one after the other on the same data, and what each has measured. */

import { type About, type EpochReport, type Final, type Progress, type RunOptions, type Trainer, TwoTowerError } from "../index.js";
import type { DataSet } from "./data-set.js";
import type { Neighbours } from "./session.js";
import type { Values } from "./settings.js";
import type { Strategy } from "./strategies.js";
import type { Release } from "./turns.js";

/** A strategy's part in a comparison. */
export interface Contender {
  strategy: Strategy;
  values: Values;
  /** What its options are, in words. */
  told: string;
  /** One for each seed, in the order in which they are trained. */
  runs: readonly Run[];
}

/** A strategy trained with one seed. */
export interface Run {
  options: RunOptions;
  about?: About;
  epochs: readonly EpochReport[];
  /** The model that it keeps; none before its end. */
  final?: Final | null;
  /** Why it could not be trained. */
  error?: TwoTowerError;
}

/** Whether the run is over. */
export function isOver({ final, error }: Run): boolean {
  return final !== undefined || error !== undefined;
}

/** The runs that stand for a strategy: the trained ones, or its first one before that. */
export function shownRuns({ runs }: Contender): readonly Run[] {
  const trained = runs.filter(({ final }) => final !== undefined);
  return trained.length > 0 ? trained : runs.slice(0, 1);
}

/** Sends `change` whenever something that it shows has changed. The page's own run has another trainer. */
export class Comparison extends EventTarget {
  contenders: readonly Contender[] = [];
  /** Index of the one at work. */
  at: number | undefined;
  /** Index of its run. */
  round = 0;
  /** How far that one is. */
  progress: Progress | undefined;

  #gate: PromiseWithResolvers<unknown> | undefined;
  #cancelling = new AbortController();
  /** Settled when the last comparison has ended. */
  #ended: Promise<void> = Promise.resolve();

  /** Compares; what was compared before is forgotten. */
  start(dataSet: DataSet, contenders: readonly Contender[], neighbours?: Neighbours): void {
    this.clear();
    const { signal } = (this.#cancelling = new AbortController());
    this.contenders = contenders;
    this.at = 0;
    this.#changed();
    this.#ended = this.#ended.then(async () => {
      await this.#takeTurn(neighbours, signal);
      try {
        await this.#compare(dataSet, contenders, signal, neighbours);
      } finally {
        this.#release?.();
      }
    });
  }

  /** Whether it waits for another run of the page. */
  waiting = false;
  #release: Release | undefined;

  async #takeTurn(neighbours: Neighbours | undefined, signal: AbortSignal): Promise<void> {
    this.waiting = neighbours?.turns.taken ?? false;
    this.#changed();
    this.#release = await neighbours?.turns.take(signal);
    this.waiting = false;
    this.#changed();
  }

  /** Leaves the turn to others until the gate opens. */
  async #rest(gate: Promise<unknown>, neighbours: Neighbours | undefined, signal: AbortSignal): Promise<void> {
    this.#release?.();
    await gate;
    await this.#takeTurn(neighbours, signal);
  }

  /** Whether it is at work, but stopped between two slices of training. */
  get paused(): boolean {
    return this.#gate !== undefined;
  }

  /** Stops between two slices of training until {@link Comparison.resume}. */
  pause(): void {
    if (this.at === undefined || this.#gate) return;
    this.#gate = Promise.withResolvers();
    this.#changed();
  }

  /** Continues after a pause. */
  resume(): void {
    this.#gate?.resolve(undefined);
    this.#gate = undefined;
    this.#changed();
  }

  /** Stops, and keeps what has been measured. */
  cancel(): void {
    this.resume();
    this.#cancelling.abort();
    this.#end();
  }

  /** Stops, and forgets what has been measured. */
  clear(): void {
    this.contenders = [];
    this.cancel();
  }

  async #compare(
    dataSet: DataSet,
    contenders: readonly Contender[],
    signal: AbortSignal,
    neighbours: Neighbours | undefined,
  ): Promise<void> {
    let trainer: Trainer | undefined;
    // Strategies take turns, so that those of one seed are trained at the same pace of the machine.
    const turns = (contenders[0]?.runs ?? []).flatMap((_, round) => contenders.map((_, at) => ({ at, round })));
    for (const { at, round } of turns) {
      const run = contenders[at]?.runs[round];
      if (signal.aborted || !run) break;
      const follow = (progress?: Progress): Promise<unknown> | undefined => {
        if (signal.aborted) return undefined;
        this.at = at;
        this.round = round;
        this.progress = progress;
        this.#changed();
        return this.#gate && this.#rest(this.#gate.promise, neighbours, signal);
      };
      let shown = run;
      const show = (change: Partial<Run>): void => {
        if (signal.aborted) return;
        shown = { ...shown, ...change };
        this.contenders = this.contenders.map((contender, ix) =>
          ix === at ? { ...contender, runs: contender.runs.with(round, shown) } : contender,
        );
        this.#changed();
      };
      void follow();
      try {
        // The data is read once: a trainer that is there starts over.
        if (trainer) await trainer.reset(run.options);
        else trainer = await dataSet.create({ ...run.options, share: neighbours?.share, signal });
        show({ about: trainer.about });
        for await (const epoch of trainer.train({ onProgress: follow, signal })) {
          show({ epochs: [...shown.epochs, epoch] });
        }
        show({ final: (await trainer.report()).final });
      } catch (thrown) {
        show({ error: TwoTowerError.from(thrown) });
        // The next one is not to suffer from what this one may have broken.
        trainer?.destroy();
        trainer = undefined;
      }
    }
    trainer?.destroy();
    if (!signal.aborted) this.#end();
  }

  #end(): void {
    this.at = undefined;
    this.progress = undefined;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
