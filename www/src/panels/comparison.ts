/** A comparison: strategies that are trained one after the other on the same data, with their results. */

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
  /** Its options, in words. */
  told: string;
  /** One for each seed, in the order in which they are trained. */
  runs: readonly Run[];
}

/** A strategy trained with one seed. */
export interface Run {
  options: RunOptions;
  about?: About;
  epochs: readonly EpochReport[];
  /** The model that it keeps; undefined before its end. */
  final?: Final | null;
  /** The reason if it could not be trained. */
  error?: TwoTowerError;
}

/** Returns whether a run is over. */
export function isOver({ final, error }: Run): boolean {
  return final !== undefined || error !== undefined;
}

/** Returns the runs to show for a strategy: the finished ones, else its first one. */
export function shownRuns({ runs }: Contender): readonly Run[] {
  const trained = runs.filter(({ final }) => final !== undefined);
  return trained.length > 0 ? trained : runs.slice(0, 1);
}

/** State of a comparison. Sends `change` after each change. The page's own run has another trainer. */
export class Comparison extends EventTarget {
  contenders: readonly Contender[] = [];
  /** Index of the contender that trains now. */
  at: number | undefined;
  /** Index of its run. */
  round = 0;
  /** Progress of that run. */
  progress: Progress | undefined;

  #gate: PromiseWithResolvers<unknown> | undefined;
  #cancelling = new AbortController();
  /** Settles when the last comparison has ended. */
  #ended: Promise<void> = Promise.resolve();

  /** Starts a comparison and removes the results of the last one. */
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

  /** Releases the turn, waits until the gate opens, and takes a turn again. */
  async #rest(gate: Promise<unknown>, neighbours: Neighbours | undefined, signal: AbortSignal): Promise<void> {
    this.#release?.();
    await gate;
    await this.#takeTurn(neighbours, signal);
  }

  /** Whether it is paused between two slices of training. */
  get paused(): boolean {
    return this.#gate !== undefined;
  }

  /** Pauses between two slices of training until {@link Comparison.resume}. */
  pause(): void {
    if (this.at === undefined || this.#gate) return;
    this.#gate = Promise.withResolvers();
    this.#changed();
  }

  /** Resumes after a pause. */
  resume(): void {
    this.#gate?.resolve(undefined);
    this.#gate = undefined;
    this.#changed();
  }

  /** Stops and keeps the results so far. */
  cancel(): void {
    this.resume();
    this.#cancelling.abort();
    this.#end();
  }

  /** Stops and removes the results. */
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
    // All strategies train with one seed before the next seed, so that the machine runs at a similar speed for them.
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
        // The data is read once: an existing trainer is reset.
        if (trainer) await trainer.reset(run.options);
        else trainer = await dataSet.create({ ...run.options, share: neighbours?.share, signal });
        show({ about: trainer.about });
        for await (const epoch of trainer.train({ onProgress: follow, signal })) {
          show({ epochs: [...shown.epochs, epoch] });
        }
        show({ final: (await trainer.report()).final });
      } catch (thrown) {
        show({ error: TwoTowerError.from(thrown) });
        // The next run gets a fresh trainer, because this one may be broken.
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
