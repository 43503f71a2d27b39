/** Strategies that the page compares: the current settings, and the same with one technique or none. */

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
  /** Description for newcomers. */
  does: string;
  stroke: Stroke;
  /** Returns the values that it trains with, derived from the current ones. */
  values(atHand: Values, specs: readonly OptionSpec[]): Values;
  /** Returns a sentence on what it needs to rank well, if these values lack it. */
  needs(values: Values, specs: readonly OptionSpec[]): string | undefined;
  /** Returns a description of the values that its name does not contain. */
  told(values: Values, specs: readonly OptionSpec[]): string;
}

/** Maximum number of strategies in a comparison: readers cannot tell more lines apart. */
export const MOST = 4;

export const STRATEGIES: readonly Strategy[] = [
  {
    id: "two-bp",
    name: "Two backpropagations",
    does: "Gradients train both users and items.",
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
    name: "The current settings",
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

/** Strategies that are ticked when the page opens. */
export const FIRST_PICKED: readonly string[] = STRATEGIES.slice(0, MOST).map(({ id }) => id);

/** Describes the options that differ from their defaults: the technique's own, and those that it starts with. */
function changed(technique: Technique, values: Values, specs: readonly OptionSpec[]): string[] {
  const keys = new Set([...technique.options.map(([key]) => key), ...Object.keys(startsOf(technique, specs))]);
  return [...keys]
    .filter((key) => valueOf(key, values, specs) !== valueOf(key, {}, specs))
    .map((key) => `${named(key)[1]} ${String(values[key])}`);
}

/** Returns a strategy of a single technique: with its current options if it is on, else with its starting values. */
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

/** Returns the values without techniques and tuning, so that strategies differ in one technique only. */
function plain(atHand: Values, specs: readonly OptionSpec[]): Values {
  return [...TECHNIQUES, TUNING].reduce((values, technique) => switchedOff(technique, values, specs), atHand);
}
