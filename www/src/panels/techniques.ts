/** Techniques that a run may switch on: groups of options that are off unless one of them is set. */

import type { OptionSpec } from "../index.js";
import { count } from "./format.js";
import type { Value, Values } from "./settings.js";

/** An option with its label. */
export type Named = readonly [key: string, label: string];

export interface Technique {
  /** The group of its options, or the one option that turns it on. */
  group: "onebp" | "cbns" | "skip" | "tune" | "towers.user.history" | "towers.item.features";
  name: string;
  /** Description for newcomers. */
  does: string;
  /** The options that the page offers. */
  options: readonly Named[];
  /** Returns a sentence on its cost with these values. */
  costs?(values: Values, specs: readonly OptionSpec[]): string | undefined;
  /** Returns a sentence on what it needs to rank well, if these values lack it; measured in docs/results.md. */
  needs?(values: Values, specs: readonly OptionSpec[]): string | undefined;
}

export const ONE_BP: Technique = {
  group: "onebp",
  name: "OneBP",
  does: "Gradients train item vectors only. A user’s vector moves towards each item they pick. Steps cost less.",
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
  does: "Keeps items of earlier batches in a bank, as more negatives for each pair.",
  options: [
    ["cbns.capacity", "Bank size"],
    ["cbns.warmup", "Warm-up steps"],
    ["cbns.sides", "Bank gradients"],
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
    Number(valueOf("batchSize", values, specs)) > 64 ? "It helps small batches: with 16 pairs it is better by 2 to 11%." : undefined,
};

export const SKIPPING: Technique = {
  group: "skip",
  name: "Skipping",
  does: "Skips pairs that currently teach the model little, so that epochs get shorter.",
  options: [
    ["skip.policy", "Which pairs"],
    ["skip.share", "Share to skip"],
    ["skip.rows", "Judged by"],
    ["skip.start", "After epochs"],
    ["skip.until", "Up to this share of the epochs"],
  ],
};

/**
 * Returns the multiply-adds of a step with the bank as a multiple of those without, as the plan counts them: a pair is
 * scored against M banked items in addition to the B items of its batch. The bank needs two products for each side that it
 * pushes; the batch needs three.
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
  does: "Tries several temperatures on held-out pairs, then trains on all pairs with the best one.",
  options: [
    ["tune.temperature", "Temperatures"],
    ["tune.validation", "Share held out"],
  ],
};

/** Tuning, and inputs of towers in addition to an embedding for each id. */
export const REFINEMENTS: readonly Technique[] = [
  {
    group: "towers.user.history",
    name: "Users as histories",
    does: "A user is the sum of their items and has no other vector, so new users are served as well as others.",
    options: [
      ["towers.user.history.power", "Power of the count"],
      ["towers.user.history.cap", "Maximum items"],
    ],
  },
  {
    group: "towers.item.features",
    name: "Features of items",
    does: "Columns of the items file, such as title:words, authors:list or year:number, get embeddings too.",
    options: [["towers.item.features", "Columns"]],
  },
  TUNING,
];

export function isOn({ group }: Technique, values: Values): boolean {
  return Object.entries(values).some(([key, value]) => belongs(key, group) && !isEmpty(value));
}

/**
 * Returns the values with the technique switched on: its options get the crate's starting values. A shared option that
 * has been set, such as the temperature, stays.
 */
export function switchedOn(technique: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const starts = startsOf(technique, specs);
  const own = [...technique.options.map(([key]) => key), ...Object.keys(starts)].filter((key) => belongs(key, technique.group));
  return { ...starts, ...values, ...Object.fromEntries(own.map((key) => [key, starts[key] ?? valueOf(key, {}, specs)])) };
}

/** Returns the values without the technique's own and without its starting values. */
export function switchedOff(technique: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const starts = startsOf(technique, specs);
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => !belongs(key, technique.group) && starts[key] !== value),
  );
}

/** Returns the technique's own values, and those of the shared options that it starts with. */
export function valuesOf(technique: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const starts = startsOf(technique, specs);
  return Object.fromEntries(Object.entries(values).filter(([key]) => belongs(key, technique.group) || key in starts));
}

/** Returns the technique's starting values that differ from the defaults. */
export function startsOf({ group }: Technique, specs: readonly OptionSpec[]): Values {
  return Object.assign({}, ...specs.filter(({ key }) => belongs(key, group)).map(({ starts }) => starts)) as Values;
}

/** Returns the value of an option, or its default. */
export function valueOf(key: string, values: Values, specs: readonly OptionSpec[]): Value {
  return values[key] ?? specs.find((spec) => spec.key === key)?.default ?? null;
}

function belongs(key: string, group: string): boolean {
  return key === group || key.startsWith(`${group}.`);
}

function isEmpty(value: Value): boolean {
  return Array.isArray(value) && value.length === 0;
}
