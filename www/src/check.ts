/** Checks arguments before they reach the worker: compiled code trusts the types of its parameters. */

import { TwoTowerError } from "./error.js";

/** Returns the error for an invalid option or argument. */
export function refusal(key: string, problem: string, allowed: string): TwoTowerError {
  return new TwoTowerError("config", `option \`${key}\`: ${problem}; allowed: ${allowed}`, { key, problem, allowed });
}

/** Kinds of values, with their checks. */
const KINDS = {
  "an object": (value: unknown) => typeof value === "object" && value !== null,
  "an AbortSignal": (value: unknown) => typeof (value as Partial<AbortSignal> | null)?.addEventListener === "function",
  "a list of strings": (value: unknown) => Array.isArray(value) && value.every((id) => typeof id === "string"),
  "a string": (value: unknown) => typeof value === "string",
  "a number": (value: unknown) => typeof value === "number",
  "a function": (value: unknown) => typeof value === "function",
  "true or false": (value: unknown) => typeof value === "boolean",
};

/** Rejects an argument that is not of the allowed kind. */
export function check(key: string, value: unknown, allowed: keyof typeof KINDS): void {
  if (!KINDS[allowed](value)) throw refusal(key, `${told(value)} is not allowed`, allowed);
}

/** Rejects options that are not of the allowed kinds. Any of them may be absent. */
export function checkOptional<T extends object>(options: T, kinds: { readonly [K in keyof T]?: keyof typeof KINDS }): void {
  for (const [key, allowed] of Object.entries(kinds) as [keyof T & string, keyof typeof KINDS][]) {
    if (options[key] !== undefined) check(key, options[key], allowed);
  }
}

/** Copies options for the crate. Values that JSON cannot express become text, so that the crate rejects them by their key. */
export function plain<T extends object>(key: string, options: T): T {
  return copied(key, options, String);
}

/** Copies plain data. Rejects values that JSON cannot express. */
export function strictly<T extends object>(key: string, data: T): T {
  return copied(key, data, (value) => {
    throw refusal(key, `${told(value)} is not allowed in it`, PLAIN);
  });
}

const PLAIN = "an object of plain data";

function copied<T extends object>(key: string, data: T, other: (value: unknown) => string): T {
  check(key, data, "an object");
  try {
    return JSON.parse(JSON.stringify(data, (_, value: unknown) => (isJson(value) ? value : other(value)))) as T;
  } catch (cause) {
    // Only the first line of the message: further lines draw the cycle of a cyclic object.
    throw cause instanceof TwoTowerError ? cause : refusal(key, (cause as Error).message.replace(/\n[^]*/, ""), PLAIN);
  }
}

function isJson(value: unknown): boolean {
  return typeof value === "number" ? Number.isFinite(value) : !["bigint", "function", "symbol"].includes(typeof value);
}

/** Formats a value for a message. */
function told(value: unknown): string {
  const text = typeof value === "bigint" ? `${value}n` : KINDS["an object"](value) ? "an object" : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
