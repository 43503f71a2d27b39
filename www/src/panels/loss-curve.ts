import type { EpochReport, Progress } from "../index.js";

/** Maximum number of points of a curve: about one per 1.5 pixels of a wide chart. */
const MOST = 512;

/** A curve's points: epochs done at the end of each span of steps, and the span's mean loss. */
export interface Points {
  epochs: readonly number[];
  losses: readonly number[];
}

/** Some steps: their end, their mean loss, and their pairs as a number of full batches. */
interface Span {
  end: number;
  loss: number;
  batches: number;
}

/** The fields of a slice of training that a curve needs. */
export type Slice = Pick<Progress, "losses" | "epoch" | "step" | "steps" | "pairs">;

/**
 * The losses of a run as a curve of bounded length: each step of a short run, or means over spans of equally many
 * steps of a long run. The ends of steps are measured in epochs, which may differ in length.
 */
export class LossCurve {
  readonly #spans: Span[];
  /** Steps in a span. */
  #steps = 1;
  /** The steps since the last span. */
  #open: Span[] = [];
  /** End of the last step, in epochs. */
  #end: number;
  /** Pairs of the run up to that end. */
  #pairs: number;

  /** Creates a curve. A curve that begins in the middle of a run continues the earlier points. */
  constructor(begin?: Slice, before: Points = { epochs: [], losses: [] }) {
    this.#spans = before.epochs.map((end, ix) => ({ end, loss: before.losses[ix] ?? 0, batches: 1 }));
    this.#end = begin ? endOf(begin) : 0;
    this.#pairs = begin?.pairs ?? 0;
    while (this.#spans.length >= MOST) this.#halve();
  }

  /** Adds the losses of a slice of a run with batches of this size. */
  push(slice: Slice, batchSize: number): void {
    const { losses, step, steps, pairs } = slice;
    const [from, to] = [this.#end, endOf(slice)];
    // The last batch of an epoch may be smaller.
    const rest = (pairs - this.#pairs) / batchSize - (losses.length - 1);
    const last = step === steps && rest > 0 && rest < 1 ? rest : 1;
    losses.forEach((loss, ix) => {
      const isLast = ix === losses.length - 1;
      this.#add({ end: from + ((to - from) * (ix + 1)) / losses.length, loss, batches: isLast ? last : 1 });
    });
    [this.#end, this.#pairs] = [to, pairs];
  }

  /** Returns the points so far, or only those up to an end. */
  points(last = Infinity): Points {
    const spans = this.#spans.filter(({ end }) => end <= last);
    return { epochs: spans.map(({ end }) => end), losses: spans.map(({ loss }) => loss) };
  }

  #add(step: Span): void {
    const before = this.#spans.at(-1);
    // A small batch has few negatives, so its loss is low. A separate point for it would be a dip in the curve.
    if (this.#open.length === 0 && step.batches < 1 && before && before.end > step.end - 1) {
      this.#spans[this.#spans.length - 1] = together([before, step]);
      return;
    }
    this.#open.push(step);
    if (this.#open.length < this.#steps) return;
    this.#spans.push(together(this.#open));
    this.#open = [];
    if (this.#spans.length === MOST) this.#halve();
  }

  #halve(): void {
    const half = Math.ceil(this.#spans.length / 2);
    for (let ix = 0; ix < half; ix++) this.#spans[ix] = together(this.#spans.slice(2 * ix, 2 * ix + 2));
    this.#spans.length = half;
    this.#steps *= 2;
  }
}

/** Returns the curve of epochs whose steps are unknown: a point at the end of each. */
export function curveOf(reports: readonly EpochReport[]): Points {
  return { epochs: reports.map(({ epoch }) => epoch), losses: reports.map(({ loss }) => loss) };
}

/** Returns the end of a slice, in epochs. */
export function endOf({ epoch, step, steps }: Pick<Progress, "epoch" | "step" | "steps">): number {
  return epoch - 1 + step / steps;
}

function together(spans: readonly Span[]): Span {
  const batches = spans.reduce((sum, span) => sum + span.batches, 0);
  const loss = spans.reduce((sum, span) => sum + span.loss * span.batches, 0) / batches;
  return { end: spans.at(-1)?.end ?? 0, loss, batches };
}
