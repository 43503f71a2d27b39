/** What the page compares: the settings at hand, and what they come to with one technique or none. */

import type { OptionSpec } from "../index.js";
import type { Stroke } from "./line-key.js";
import { named } from "./options.js";
import type { Values } from "./settings.js";
import {
  CBNS,
  isOn,
  ONE_BP,
  SKIPPING,
  startsOf,
  switchedOff,
  switchedOn,
  type Technique,
  TECHNIQUES,
  TUNING,
  valueOf,
  valuesOf,
} from "./techniques.js";

/** A way to train. */
export interface Strategy {
  id: string;
  name: string;
  /** What sets it apart. */
  does: string;
  stroke: Stroke;
  /** The values that it trains with, made of those at hand. */
  values(atHand: Values, specs: readonly OptionSpec[]): Values;
  /** What it lacks with these values to do well, as a sentence. */
  needs(values: Values, specs: readonly OptionSpec[]): string | undefined;
  /** What of these values is not to be known from its name, in words. */
  told(values: Values, specs: readonly OptionSpec[]): string;
}

/** Strategies that are compared at once, at most: more lines cannot be told apart. */
export const MOST = 4;

export const STRATEGIES: readonly Strategy[] = [
  {
    id: "two-bp",
    name: "Two backpropagations",
    does: "The plain way: errors train users and items alike.",
    stroke: { colour: "--two-bp", dash: [] },
    values: plain,
    needs: () => undefined,
    told: () => "",
  },
  alone("one-bp", ONE_BP, { colour: "--one-bp", dash: [8, 4] }),
  alone("cbns", CBNS, { colour: "--cbns", dash: [2, 3] }),
  alone("skip", SKIPPING, { colour: "--skipping", dash: [9, 3, 2, 3] }),
  {
    id: "settings",
    name: "The settings at hand",
    does: "With every technique that is switched on in the settings.",
    stroke: { colour: "--at-hand", dash: [16, 3] },
    values: (atHand) => atHand,
    needs: (values, specs) => {
      const needs = TECHNIQUES.filter((technique) => isOn(technique, values)).map((technique) => technique.needs?.(values, specs));
      return needs.filter((need) => need !== undefined).join(" ") || undefined;
    },
    told: (values, specs) =>
      TECHNIQUES.filter((technique) => isOn(technique, values))
        .map((technique) => [technique.name, ...changed(technique, values, specs)].join(", "))
        .join("; "),
  },
];

/** What is ticked when the page opens. */
export const FIRST_PICKED: readonly string[] = STRATEGIES.slice(0, MOST).map(({ id }) => id);

/** The technique's options, and those that it starts with, where they do not have their defaults, in words. */
function changed(technique: Technique, values: Values, specs: readonly OptionSpec[]): string[] {
  const keys = new Set([...technique.options.map(([key]) => key), ...Object.keys(startsOf(technique, specs))]);
  return [...keys]
    .filter((key) => valueOf(key, values, specs) !== valueOf(key, {}, specs))
    .map((key) => `${named(key)[1]} ${String(values[key])}`);
}

/** One technique by itself: with its options at hand where it is on, else as its switch starts it. */
function alone(id: string, technique: Technique, stroke: Stroke): Strategy {
  const { name, does } = technique;
  return {
    id,
    name,
    does,
    stroke,
    values: (atHand, specs) =>
      isOn(technique, atHand)
        ? { ...plain(atHand, specs), ...valuesOf(technique, atHand, specs) }
        : switchedOn(technique, plain(atHand, specs), specs),
    needs: (values, specs) => technique.needs?.(values, specs),
    told: (values, specs) => changed(technique, values, specs).join(", "),
  };
}

/** Without techniques, and without tuning: what is compared trains alike. */
function plain(atHand: Values, specs: readonly OptionSpec[]): Values {
  return [...TECHNIQUES, TUNING].reduce((values, technique) => switchedOff(technique, values, specs), atHand);
}
