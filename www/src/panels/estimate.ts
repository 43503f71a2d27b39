/** Estimates the time of a run, from the work that its plan counts and the speed of this machine. */

import type { About, Backend, EpochReport, Work } from "../index.js";

/** Work per second before any measurement: that of an ordinary laptop. */
const TYPICAL: Readonly<Record<Backend, number>> = { cpu: 4e9, webgpu: 4e10 };

/** Work per second in the last epoch, by backend. */
const measured = new Map<Backend, number>();

/** Seconds above which a step is long: the trainer answers no call before its end. */
const LONG = 2;

export interface Estimate {
  seconds: number;
  /** Seconds of a single step, if it is long. */
  longStep: number | undefined;
}

/** Records the speed of this machine. */
export function learnSpeed(backend: Backend, epoch: EpochReport): void {
  if (epoch.seconds > 0) measured.set(backend, workOf(epoch) / epoch.seconds);
}

/** Estimates a whole run. Tuning trains once for each temperature, and then once more. */
export function estimate({ backend, config, data, stepWork }: About): Estimate {
  const step = workOf(stepWork) / (measured.get(backend) ?? TYPICAL[backend]);
  const runs = 1 + (config.tune?.temperature.length ?? 0);
  const steps = (config.epochs * data.train) / config.batchSize;
  return { seconds: runs * steps * step, longStep: step > LONG ? step : undefined };
}

/** Options that determine the cost of a run without techniques. */
export interface PlainRun {
  dim: number;
  batchSize: number;
  epochs: number;
  /** Number of temperatures that are tried first. */
  temperatures: number;
}

/** Returns the seconds of a run without techniques, on the same data and backend. */
export function estimatePlain({ backend, data }: Pick<About, "backend" | "data">, run: PlainRun): number {
  const { dim, batchSize, epochs, temperatures } = run;
  // Three products with each item of the batch, and the traffic of rows. The crate's own count differs by a few percent.
  const step = batchSize * dim * (3 * batchSize + 34);
  const steps = ((1 + temperatures) * epochs * data.train) / batchSize;
  return (steps * step) / (measured.get(backend) ?? TYPICAL[backend]);
}

/** Returns multiply-adds plus 32-bit words that are moved. */
function workOf({ multiplyAdds, bytesMoved }: Work): number {
  return multiplyAdds + bytesMoved / 4;
}
