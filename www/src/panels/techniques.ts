/** What a run may switch on: groups of options that are off unless one of theirs is set. */

import type { OptionSpec } from "../index.js";
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
  /** Values that it starts with where they are not the defaults. */
  starts?: Values;
}

export const ONE_BP: Technique = {
  group: "onebp",
  name: "OneBP",
  does: "Errors train the items alone; a user just drifts towards each item they take. Steps cost less.",
  options: [["onebp.beta", "Kept share β"]],
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
    starts: { "towers.user.id": false },
  },
  {
    group: "towers.item.features",
    name: "Features of items",
    does: "Columns of the items file, such as title:words, authors:list or year:number, have embeddings, too.",
    options: [["towers.item.features", "Columns"]],
    starts: { "towers.item.features": ["title:words"] },
  },
  TUNING,
];

export function isOn({ group }: Technique, values: Values): boolean {
  return Object.entries(values).some(([key, value]) => belongs(key, group) && !isEmpty(value));
}

/** The values with the technique on, at the defaults of the options that the page offers. */
export function switchedOn({ options, starts }: Technique, values: Values, specs: readonly OptionSpec[]): Values {
  const defaults = options.map(([key]) => [key, specs.find((spec) => spec.key === key)?.default ?? null] as const);
  return { ...values, ...Object.fromEntries(defaults), ...starts };
}

/** The values without any of the technique's. */
export function switchedOff({ group, starts = {} }: Technique, values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !belongs(key, group) && !(key in starts)));
}

/** The technique's own values. */
export function valuesOf({ group }: Technique, values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => belongs(key, group)));
}

function belongs(key: string, group: string): boolean {
  return key === group || key.startsWith(`${group}.`);
}

function isEmpty(value: Value): boolean {
  return Array.isArray(value) && value.length === 0;
}
