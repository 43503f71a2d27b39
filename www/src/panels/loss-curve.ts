/** Points that a curve has at most: about one for each pixel and a half of a wide chart. */
const MOST = 512;

/** A curve's points: epochs done at the end of each span of steps, and the span's mean loss. */
export interface Points {
  epochs: readonly number[];
  losses: readonly number[];
}

/**
 * The losses of a run as a curve of bounded length: each step of a short run, means over equal spans of
 * steps of a long one.
 */
export class LossCurve {
  readonly #epochs: number[] = [];
  readonly #losses: number[] = [];
  /** Steps in a span. */
  #span = 1;
  /** Losses of the span that is not full yet. */
  #open: number[] = [];

  /** A curve that begins when so many epochs are done. */
  constructor(readonly begin = 0) {}

  /** Adds the losses of the next steps of a run with this many steps in an epoch. */
  push(losses: number[], stepsInEpoch: number): void {
    for (const loss of losses) {
      this.#open.push(loss);
      if (this.#open.length < this.#span) continue;
      this.#losses.push(mean(this.#open));
      this.#epochs.push(this.begin + (this.#losses.length * this.#span) / stepsInEpoch);
      this.#open = [];
      if (this.#losses.length === MOST) this.#halve();
    }
  }

  /** The points so far. */
  points(): Points {
    return { epochs: [...this.#epochs], losses: [...this.#losses] };
  }

  #halve(): void {
    for (let ix = 0; ix < MOST / 2; ix++) {
      this.#losses[ix] = mean(this.#losses.slice(2 * ix, 2 * ix + 2));
      this.#epochs[ix] = this.#epochs[2 * ix + 1] ?? 0;
    }
    this.#losses.length = this.#epochs.length = MOST / 2;
    this.#span *= 2;
  }
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
