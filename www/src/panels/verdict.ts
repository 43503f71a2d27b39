/** Verdicts on the strategies of a comparison, with chance taken into account. */

import type { OptionSpec } from "../index.js";
import { type Contender, isOver, type Run } from "./comparison.js";
import { count } from "./format.js";
import { STRATEGIES } from "./strategies.js";

/** Metric of the verdicts. */
export const JUDGED = "ndcg@20";

export type Judged = typeof JUDGED | "recall@20";

/** Twice the variation of NDCG@20 with the seed, on the page's data: up to 1% (docs/results.md). */
const CHANCE = 0.02;

/** Differences in the number of pairs are not mentioned up to this share of the plain run's pairs. */
const SLIGHT = 0.03;

/** Work that differs by less than this factor counts as the same. */
const SAME_WORK = 1.2;

/** Difference between two strategies. */
export interface Standing {
  /** Mean difference as a share of the other's metric. */
  difference: number;
  /** Differences up to this share may be chance. */
  noise: number;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the standard deviation of a sample; 0 for a single value. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return values.length < 2 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Returns the largest difference that may be chance. Metrics are means over users, so it grows with fewer users or seeds. */
export function chance(seeds: number, users: number): number {
  return Math.max(CHANCE, 1 / Math.sqrt(users)) / Math.sqrt(seeds);
}

/** Compares two strategies by the seeds that both have been trained with. Returns nothing if there are none. */
export function standing(one: Contender, other: Contender, metric: Judged): Standing | undefined {
  const pairs = one.runs.flatMap((run, ix) => {
    const ours = run.final?.[metric];
    const theirs = other.runs[ix]?.final?.[metric];
    return ours !== undefined && theirs ? [{ ours, theirs }] : [];
  });
  if (pairs.length === 0) return undefined;
  const whole = mean(pairs.map(({ theirs }) => theirs));
  const differences = pairs.map(({ ours, theirs }) => (ours - theirs) / whole);
  const users = one.runs[0]?.about?.data.users ?? 1;
  return { difference: mean(differences), noise: Math.max(chance(pairs.length, users), deviation(differences)) };
}

/** Returns whether a strategy is better than all others by more than chance. */
export function isAhead(one: Contender, contenders: readonly Contender[], metric: Judged): boolean {
  const rivals = contenders.filter((other) => other !== one).map((other) => standing(one, other, metric));
  const known = rivals.filter((found) => found !== undefined);
  return known.length > 0 && known.every(({ difference, noise }) => difference > noise);
}

/** Returns the strategy that the others are compared with: the plain one, or the first. */
export function reference(contenders: readonly Contender[]): Contender | undefined {
  return contenders.find(({ strategy }) => strategy.id === STRATEGIES[0]?.id) ?? contenders[0];
}

/** Returns a sentence on a trained strategy, without its name; nothing for the one that others are compared with. */
export function verdict(one: Contender, contenders: readonly Contender[], specs: readonly OptionSpec[]): string | undefined {
  const other = reference(contenders);
  const found = other && other !== one ? standing(one, other, JUDGED) : undefined;
  if (!other || !found) return undefined;
  const { difference, noise } = found;
  const run = other.strategy.id === STRATEGIES[0]?.id ? "the plain run" : other.strategy.name;
  const by = `by ${percent(difference)} NDCG@20`;
  const how =
    Math.abs(difference) <= noise ? `level with ${run}` : difference > 0 ? `better than ${run} ${by}` : `worse than ${run} ${by}`;
  const needs = difference <= noise ? one.strategy.needs(one.values, specs) : undefined;
  return `${how} ${price(one, other)}.${needs ? ` ${needs}` : ""}`;
}

/** Returns the cost of a strategy relative to another: in pairs, else in counted work with its time. */
function price(one: Contender, other: Contender): string {
  const ratio = (of: (run: Run) => number): number => total(one, of) / total(other, of);
  const pairs = ratio(({ epochs }) => sum(epochs.map(({ pairs }) => pairs)));
  if (pairs < 1 - SLIGHT) return `at ${percent(1 - pairs)} fewer pairs`;
  if (pairs > 1 + SLIGHT) return `at ${percent(pairs - 1)} more pairs`;
  const work = ratio(({ epochs }) => sum(epochs.map(({ multiplyAdds }) => multiplyAdds)));
  if (work < 1 / SAME_WORK) return `at ${percent(1 - work)} fewer multiply-adds`;
  if (work < SAME_WORK) return "at the same work";
  const time = ratio(({ epochs }) => sum(epochs.map(({ seconds }) => seconds)));
  return `at ${times(work)} the multiply-adds and ${times(time)} the time`;
}

/** Returns the mean of a value over a strategy's finished runs. */
function total({ runs }: Contender, of: (run: Run) => number): number {
  return mean(runs.filter(isOver).map(of));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** Formats .042 as `4%`, and shares under 2% with a digit after the point. */
export function percent(share: number): string {
  const hundredths = 100 * Math.abs(share);
  return `${hundredths < 2 ? hundredths.toFixed(1) : count(hundredths)}%`;
}

/** Formats 2 as `twice`, 3.71 as `3.7 times`. */
export function times(ratio: number): string {
  const tenths = Number(ratio.toFixed(1));
  return tenths === 2 ? "twice" : `${ratio < 10 ? String(tenths) : count(ratio)} times`;
}
