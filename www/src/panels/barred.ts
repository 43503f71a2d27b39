/** Settings that cannot be combined with each other or with the data, and why. */

import type { About, TwoTowerError } from "../index.js";
import type { Values } from "./settings.js";
import { SWITCHES } from "./options.js";
import { isOn, type Technique } from "./techniques.js";

export interface Barred {
  /** Reasons by an option's key, or a technique's group. */
  whole: Readonly<Record<string, string>>;
  /** Reasons by an option's key, then by its value. */
  choices: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Everything can be set. */
export const FREE: Barred = { whole: {}, choices: {} };

/** An option whose value was refused. */
export interface Refused {
  key: string;
  problem: string;
}

/** The option that an error is about, if it is about one. */
export function refusedBy(error: TwoTowerError | undefined): Refused | undefined {
  const { key, problem } = error?.data ?? {};
  return typeof key === "string" && typeof problem === "string" ? { key, problem } : undefined;
}

/** Returns what these settings and this data bar. A run that was saved has no other columns than those it uses. */
export function barredBy(values: Values, about: About | undefined, isSaved = false): Barred {
  const whole: Record<string, string> = {};
  const choices: Record<string, Record<string, string>> = {};
  const on = (group: Technique["group"]): boolean => SWITCHES.some((one) => one.group === group && isOn(one, values));

  if (on("towers.user.history")) whole.onebp = "Needs a vector for each user: switch off Users as histories first.";
  if (on("onebp")) whole["towers.user.history"] = "Leaves users no vectors, and OneBP trains those: switch off OneBP first.";
  if (OF_EACH_PAIR.includes(String(values["negatives.kind"]))) {
    whole.cbns = "Adds to negatives that a batch shares, and now each pair has its own: set Negatives to in-batch or mixed.";
  }
  if (on("cbns")) {
    const reason = "CBNS needs negatives that a batch shares.";
    choices["negatives.kind"] = Object.fromEntries(OF_EACH_PAIR.map((kind) => [kind, reason]));
  }
  if (on("tune")) whole.temperature = "Tuning chooses it.";
  if (about === undefined) return { whole, choices };

  const { data } = about;
  const columns = data.read.flatMap((file) => file.columns.map(({ role }) => role));
  if (data.validation > 0) whole.tune = "Holds out pairs of its own, and this data has a validation part.";
  if (isSaved) whole["towers.item.features"] = "A saved run has no other columns than those it was trained with.";
  else if (!data.read.some(({ part }) => part === "items")) {
    whole["towers.item.features"] = "This data has no items file, whose columns they would be.";
  }
  if (!columns.includes("rating") && (values["data.minRating"] ?? null) === null) whole["data.minRating"] = "No column has ratings.";
  if (!columns.includes("timestamp")) {
    choices["split.kind"] = Object.fromEntries(BY_TIME.map((kind) => [kind, "No column has times to split by."]));
  }
  return { whole, choices };
}

/** Kinds of negatives that each pair has for itself. */
const OF_EACH_PAIR = ["uniform", "popularity"];

const BY_TIME = ["temporal", "leave-last-out", "temporal-global"];
