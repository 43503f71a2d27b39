/** Options that readers may change, with their labels. */

import type { OptionSpec } from "../index.js";
import { type Named, REFINEMENTS, type Technique, TECHNIQUES } from "./techniques.js";

export const OPTIONS: readonly Named[] = [
  ["epochs", "Epochs"],
  ["batchSize", "Batch size"],
  ["dim", "Width D"],
  ["temperature", "Temperature τ"],
  ["optimizer.learningRate", "Learning rate"],
  ["seed", "Seed"],
  ["negatives.kind", "Negatives"],
];

export const COUNT: Named = ["negatives.count", "Drawn"];

/** Options that select the pairs to use and the pairs to test. */
export const READING: readonly Named[] = [
  ["split.kind", "Test part"],
  ["data.minRating", "Lowest rating"],
];

/** Options for reading a file, for properties that cannot be detected. */
export const UNGUESSED: readonly Named[] = [
  ["data.header", "Header"],
  ["data.separator", "Separator"],
  ["data.encoding", "Encoding"],
  ["data.layout", "Layout"],
  ["data.timeFormat", "Format of times"],
  ["data.missing", "Words for missing values"],
  ["data.core", "Minimum pairs per id"],
];

/** Options of a test part that is split off. */
export const SPLITTING: readonly Named[] = [
  ["split.test", "Test share"],
  ["split.at", "Test from"],
];

/** Groups of options that are switched on and off. */
export const SWITCHES: readonly Technique[] = [...TECHNIQUES, ...REFINEMENTS];

/** Returns an option with its label. */
export function named(key: string): Named {
  const known = [...OPTIONS, COUNT, ...READING, ...SWITCHES.flatMap(({ options }) => options)];
  return known.find(([other]) => other === key) ?? [key, key];
}

/** A control: one option, or a switch with its options. */
export type Control = { option: Named } | { technique: Technique };

/**
 * Finds the control for a name: the key of an option, the group of a switch, or the last part of a key if no other
 * key ends in it (`beta` is `onebp.beta`). Otherwise returns the keys that the name may mean, or none.
 */
export function controlOf(name: string, specs: readonly OptionSpec[]): Control | readonly string[] {
  const technique = SWITCHES.find(({ group }) => group === name);
  if (technique) return { technique };
  if (specs.some(({ key }) => key === name)) return { option: named(name) };
  const ending = specs.map(({ key }) => key).filter((key) => key.endsWith(`.${name}`));
  const [only] = ending;
  return only !== undefined && ending.length === 1 ? { option: named(only) } : ending;
}
