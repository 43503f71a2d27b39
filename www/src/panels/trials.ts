/** The trials of a tuned run: each temperature's curve and epochs, as they come. */

import type { Metrics, Progress, Trial, TrialProgress } from "../index.js";
import { LossCurve } from "./loss-curve.js";

/** An epoch of a trial, measured on the pairs that are held out. */
export type TrialEpoch = Partial<Metrics> & { epoch: number };

export interface TrialRun {
  temperature: number;
  loss: LossCurve;
  epochs: readonly TrialEpoch[];
  /** Epochs that it may take. */
  of: number;
}

/** The trials that a saved run has had: of each, the best epoch alone is known. */
export function trialsOf(trials: readonly Trial[]): TrialRun[] {
  return trials.map(({ temperature, epoch, epochs, ...metrics }) => ({
    temperature,
    loss: new LossCurve(),
    epochs: epoch > 0 ? [{ ...metrics, epoch }] : [],
    of: epochs,
  }));
}

/** The trials with a slice of the one at work. */
export function withSlice(trials: readonly TrialRun[], progress: Progress, at: TrialProgress, batchSize: number): readonly TrialRun[] {
  const { trial, temperature, epochReport } = at;
  const known = trials[trial - 1] ?? { temperature, loss: new LossCurve(), epochs: [], of: progress.epochs };
  known.loss.push(progress, batchSize);
  const epochs = epochReport ? [...known.epochs, epochReport] : known.epochs;
  return [...trials.slice(0, trial - 1), { ...known, epochs }];
}

/** The epoch that a trial is judged by; the first of equals. */
export function bestOf({ epochs }: TrialRun, metric: keyof Metrics): TrialEpoch | undefined {
  const score = (epoch: TrialEpoch): number => epoch[metric] ?? 0;
  return epochs.reduce<TrialEpoch | undefined>((best, epoch) => (best && score(best) >= score(epoch) ? best : epoch), undefined);
}
