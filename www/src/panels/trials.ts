/** The trials of a tuned run: the loss curve and the epochs of each temperature so far. */

import type { Metrics, Progress, Trial, TrialProgress } from "../index.js";
import { LossCurve } from "./loss-curve.js";

/** An epoch of a trial, measured on the held-out pairs. */
export type TrialEpoch = Partial<Metrics> & { epoch: number };

export interface TrialRun {
  temperature: number;
  loss: LossCurve;
  epochs: readonly TrialEpoch[];
  /** Maximum number of epochs. */
  of: number;
}

/** Returns the trials of a saved run. Only the best epoch of each is known. */
export function trialsOf(trials: readonly Trial[]): TrialRun[] {
  return trials.map(({ temperature, epoch, epochs, ...metrics }) => ({
    temperature,
    loss: new LossCurve(),
    epochs: epoch > 0 ? [{ ...metrics, epoch }] : [],
    of: epochs,
  }));
}

/** Returns the trials after a slice of the current one. */
export function withSlice(trials: readonly TrialRun[], progress: Progress, at: TrialProgress, batchSize: number): readonly TrialRun[] {
  const { trial, temperature, epochReport } = at;
  const known = trials[trial - 1] ?? { temperature, loss: new LossCurve(), epochs: [], of: progress.epochs };
  known.loss.push(progress, batchSize);
  const epochs = epochReport ? [...known.epochs, epochReport] : known.epochs;
  return [...trials.slice(0, trial - 1), { ...known, epochs }];
}

/** Returns the best epoch of a trial, or the first one of several equally good epochs. */
export function bestOf({ epochs }: TrialRun, metric: keyof Metrics): TrialEpoch | undefined {
  const score = (epoch: TrialEpoch): number => epoch[metric] ?? 0;
  return epochs.reduce<TrialEpoch | undefined>((best, epoch) => (best && score(best) >= score(epoch) ? best : epoch), undefined);
}
