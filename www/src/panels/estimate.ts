/** What a run will cost, from the work that its plan counts and the speed at which such work was done before. */

import type { About, Backend, EpochReport, Work } from "../index.js";

/** Work in a second where none was measured yet: that of a plain laptop. */
const TYPICAL: Readonly<Record<Backend, number>> = { cpu: 4e9, webgpu: 4e10 };

/** Work in a second, as the last epoch on a backend had it. */
const measured = new Map<Backend, number>();

/** Seconds from which on a step is long: nothing else is done before its end. */
const LONG = 2;

export interface Estimate {
  seconds: number;
  /** Of a single step, where it is long. */
  longStep: number | undefined;
}

/** Learns how fast this machine is. */
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

/** Multiplications, and words that come and go. */
function workOf({ multiplyAdds, bytesMoved }: Work): number {
  return multiplyAdds + bytesMoved / 4;
}
