/** What a run may switch on: groups of options that are off unless one of theirs is set. */

import type { OptionSpec } from "../index.js";
import { count } from "./format.js";
import type { Value, Values } from "./settings.js";

/** An option, and what the page calls it. */
export type Named = readonly [key: string, label: string];

export interface Technique {
  /** The group of its options, or the one option that turns it on. */
  group: "onebp" | "cbns" | "skip" | "tune" | "towers.user.history" | "towers.item.features";
  name: string;
  /** What it does, for someone who hears of it for the first time. */
  does: string;
  /** The options that the page offers. */
  options: readonly Named[];
  /** What it costs with these values, as a sentence. */
  costs?(values: Values, specs: readonly OptionSpec[]): string | undefined;
  /** What it lacks with these values to do well, as a sentence: measured in docs/results.md. */
  needs?(values: Values, specs: readonly OptionSpec[]): string | undefined;
}

export const ONE_BP: Technique = {
  group: "onebp",
  name: "OneBP",
  does: "Errors train the items alone; a user just drifts towards each item they take. Steps cost less.",
  options: [["onebp.beta", "Kept share β"]],
  needs: (values, specs) => {
    const apt = valueOf("negatives.kind", values, specs) === "uniform" && valueOf("normalize", values, specs) === false;
    if (!apt) {
      return (
        "With in-batch negatives it stays about 3% below the plain run; with uniform ones and raw dot products it is ahead " +
        "after about 60 epochs."
      );
    }
    return Number(valueOf("epochs", values, specs)) < 60 ? "It needs about 60 epochs to be ahead of the plain run." : undefined;
  },
};

export const CBNS: Technique = {
  group: "cbns",
  name: "CBNS",
  does: "Remembers items of earlier batches, so that each pair has many more to be told apart from.",
  options: [
    ["cbns.capacity", "Bank size"],
    ["cbns.warmup", "Warm-up steps"],
    ["cbns.sides", "Pushed sides"],
  ],
  costs: (values, specs) => {
    const bank = Number(valueOf("cbns.capacity", values, specs));
    const ratio = bankWork(values, specs);
    return (
      `With a bank of ${count(bank)}, a step has about ${ratio < 10 ? ratio.toFixed(1) : count(ratio)} times the ` +
      `multiply-adds; on the CPU it takes ${count(ratio / 2)} to ${count(ratio)} times as long.`
    );
  },
  needs: (values, specs) =>
    Number(valueOf("batchSize", values, specs)) > 64 ? "It pays for small batches: with 16 pairs it is better by 2 to 11%." : undefined,
};

export const SKIPPING: Technique = {
  group: "skip",
  name: "Skipping",
  does: "Leaves out pairs that have little to teach for now, so that epochs get shorter.",
  options: [
    ["skip.policy", "Which pairs"],
    ["skip.share", "Share to skip"],
    ["skip.rows", "Judged by"],
    ["skip.start", "After epochs"],
    ["skip.until", "Up to this share of the epochs"],
  ],
};

/**
 * Multiply-adds of a step with the bank as a multiple of those without, as the plan counts them: a pair meets M banked items
 * beside the B of its batch, in two products for each side that is pushed, where the batch has three.
 */
export function bankWork(values: Values, specs: readonly OptionSpec[]): number {
  const products = valueOf("cbns.sides", values, specs) === "items" ? 2 : 4;
  const [bank, batch] = [valueOf("cbns.capacity", values, specs), valueOf("batchSize", values, specs)].map(Number);
  return 1 + (products * (bank ?? 0)) / (3 * (batch ?? 1));
}

export const TECHNIQUES: readonly Technique[] = [ONE_BP, CBNS, SKIPPING];

export const TUNING: Technique = {
  group: "tune",
  name: "Tuning",
  does: "Tries temperatures on pairs held out for it, then trains on all of them with the best one.",
  options: [
    ["tune.temperature", "Temperatures"],
    ["tune.validation", "Share held out"],
  ],
};

/** What towers may be made of beside an embedding for each id, and how they are tuned. */
export const REFINEMENTS: readonly Technique[] = [
  {
    group: "towers.user.history",
    name: "Users as histories",
    does: "A user is the sum of what they took, without a row of their own: newcomers are served as well as anyone.",
    options: [
      ["towers.user.history.power", "Power of the count"],
      ["towers.user.history.cap", "Most items"],
    ],
  },
  {
    group: "towers.item.features",
    name: "Features of items",
    does: "Columns of the items file, such as title:words, authors:list or year:number, have embeddings, too.",
    options: [["towers.item.features", "Columns"]],
  },
  TUNING,
];

export function isOn({ group }: Technique, values: Values): boolean {
  return Object.entries(values).some(([key, value]) => belongs(key, group) && !isEmpty(value));
}

/**
 * The values with the technique on: its options as the crate starts them. A shared option that has been set, such as the
 * temperature, stays.
 */
export function switchedOn(technique: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const starts = startsOf(technique, specs);
  const own = [...technique.options.map(([key]) => key), ...Object.keys(starts)].filter((key) => belongs(key, technique.group));
  return { ...starts, ...values, ...Object.fromEntries(own.map((key) => [key, starts[key] ?? valueOf(key, {}, specs)])) };
}

/** The values without any of the technique's, and without those that came with it. */
export function switchedOff(technique: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const starts = startsOf(technique, specs);
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => !belongs(key, technique.group) && starts[key] !== value),
  );
}

/** The technique's own values, and those of the shared options that it starts with. */
export function valuesOf(technique: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const starts = startsOf(technique, specs);
  return Object.fromEntries(Object.entries(values).filter(([key]) => belongs(key, technique.group) || key in starts));
}

/** Values that the technique starts with where they are not the defaults. */
export function startsOf({ group }: Technique, specs: readonly OptionSpec[]): Values {
  return Object.assign({}, ...specs.filter(({ key }) => belongs(key, group)).map(({ starts }) => starts)) as Values;
}

/** The value that an option has. */
export function valueOf(key: string, values: Values, specs: readonly OptionSpec[]): Value {
  return values[key] ?? specs.find((spec) => spec.key === key)?.default ?? null;
}

function belongs(key: string, group: string): boolean {
  return key === group || key.startsWith(`${group}.`);
}

function isEmpty(value: Value): boolean {
  return Array.isArray(value) && value.length === 0;
}
