/** What the page compares: the settings at hand, and what they come to with one technique or none. */

import type { OptionSpec } from "../index.js";
import type { Stroke } from "./line-key.js";
import type { Values } from "./settings.js";
import { CBNS, isOn, ONE_BP, SKIPPING, switchedOff, switchedOn, type Technique, TECHNIQUES, TUNING, valuesOf } from "./techniques.js";

/** A way to train. */
export interface Strategy {
  id: string;
  name: string;
  /** What sets it apart. */
  does: string;
  stroke: Stroke;
  /** The values that it trains with, made of those at hand. */
  values(atHand: Values, specs: readonly OptionSpec[]): Values;
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
    told: () => "",
  },
  // The default .99 is for hundreds of epochs: a user keeps half of the random start for 69 pairs. After the page's 12
  // epochs of online-retail, NDCG@20 is .087 at .9, .089 at .95 and .081, still rising, at .99.
  alone("one-bp", ONE_BP, { colour: "--one-bp", dash: [8, 4] }, { "onebp.beta": 0.95 }),
  // There as good as the default 4096 after three epochs (.083 both), of 5 s on a CPU instead of 37 s.
  alone("cbns", CBNS, { colour: "--cbns", dash: [2, 3] }, { "cbns.capacity": 512 }),
  // The policy that costs least: a fifth of the pairs fewer, and hardly a loss (docs/results.md).
  alone("skip", SKIPPING, { colour: "--skipping", dash: [9, 3, 2, 3] }, { "skip.policy": "cap", "skip.start": 1, "skip.until": 0.75 }),
  {
    id: "settings",
    name: "The settings at hand",
    does: "With every technique that is switched on in the settings.",
    stroke: { colour: "--at-hand", dash: [16, 3] },
    values: (atHand) => atHand,
    told: (values, specs) =>
      TECHNIQUES.filter((technique) => isOn(technique, values))
        .map((technique) => [technique.name, ...changed(technique, values, specs)].join(", "))
        .join("; "),
  },
];

/** What is ticked when the page opens. */
export const FIRST_PICKED: readonly string[] = STRATEGIES.slice(0, MOST).map(({ id }) => id);

/** The technique's options that do not have their defaults, in words. */
function changed({ options }: Technique, values: Values, specs: readonly OptionSpec[]): string[] {
  return options
    .filter(([key]) => values[key] !== specs.find((spec) => spec.key === key)?.default)
    .map(([key, label]) => `${label} ${String(values[key])}`);
}

/** One technique by itself: with its options at hand where it is on, else with its defaults but for some. */
function alone(id: string, technique: Technique, stroke: Stroke, preset: Values = {}): Strategy {
  const { name, does } = technique;
  return {
    id,
    name,
    does,
    stroke,
    values: (atHand, specs) =>
      isOn(technique, atHand)
        ? { ...plain(atHand), ...valuesOf(technique, atHand) }
        : { ...switchedOn(technique, plain(atHand), specs), ...preset },
    told: (values, specs) => changed(technique, values, specs).join(", "),
  };
}

/** Without techniques, and without tuning: what is compared trains alike. */
function plain(atHand: Values): Values {
  return [...TECHNIQUES, TUNING].reduce((values, technique) => switchedOff(technique, values), atHand);
}
