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

/** No restrictions. */
export const FREE: Barred = { whole: {}, choices: {} };

/** An option whose value was rejected. */
export interface Refused {
  key: string;
  problem: string;
}

/** Returns the option that an error is about, if any. */
export function refusedBy(error: TwoTowerError | undefined): Refused | undefined {
  const { key, problem } = error?.data ?? {};
  return typeof key === "string" && typeof problem === "string" ? { key, problem } : undefined;
}

/** Returns the options and values that these settings and this data rule out. A saved run contains only the columns that it uses. */
export function barredBy(values: Values, about: About | undefined, isSaved = false): Barred {
  const whole: Record<string, string> = {};
  const choices: Record<string, Record<string, string>> = {};
  const on = (group: Technique["group"]): boolean => SWITCHES.some((one) => one.group === group && isOn(one, values));

  if (on("towers.user.history")) whole.onebp = "Needs a vector for each user. Switch off Users as histories first.";
  if (on("onebp")) whole["towers.user.history"] = "OneBP needs a vector for each user. Switch off OneBP first.";
  if (OF_EACH_PAIR.includes(String(values["negatives.kind"]))) {
    whole.cbns = "Needs negatives that a batch shares. Set Negatives to in-batch or mixed.";
  }
  if (on("cbns")) {
    const reason = "CBNS needs negatives that a batch shares.";
    choices["negatives.kind"] = Object.fromEntries(OF_EACH_PAIR.map((kind) => [kind, reason]));
  }
  if (on("tune")) whole.temperature = "Tuning chooses the temperature.";
  if (about === undefined) return { whole, choices };

  const { data } = about;
  const columns = data.read.flatMap((file) => file.columns.map(({ role }) => role));
  if (data.validation > 0) whole.tune = "Not possible with this data: it already has a validation part.";
  if (isSaved) whole["towers.item.features"] = "A saved run contains only the columns that it was trained with.";
  else if (!data.read.some(({ part }) => part === "items")) {
    whole["towers.item.features"] = "This data has no items file.";
  }
  if (!columns.includes("rating") && (values["data.minRating"] ?? null) === null) whole["data.minRating"] = "No column has ratings.";
  if (!columns.includes("timestamp")) {
    choices["split.kind"] = Object.fromEntries(BY_TIME.map((kind) => [kind, "No column has times to split by."]));
  }
  return { whole, choices };
}

/** Kinds of negatives that are drawn for each pair. */
const OF_EACH_PAIR = ["uniform", "popularity"];

const BY_TIME = ["temporal", "leave-last-out", "temporal-global"];
