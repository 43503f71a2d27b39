/** The element's attributes as the fragment of an address: `#dataset=goodbooks&epochs=3`. */

import { type AttributeName, NAMES, WrongAttribute } from "./attributes.js";

/** Attributes that are set. */
export type Attributes = Partial<Record<AttributeName, string>>;

/** Names of the attributes that an address may set. The page alone chooses where files are loaded from; a link cannot. */
const SHARED = NAMES.filter((name) => !name.endsWith("-url"));

/** Writes attributes as a fragment, without the `#`. */
export function toFragment(attributes: Attributes): string {
  return new URLSearchParams(attributes).toString();
}

/** Reads a fragment, with or without its `#`. @throws WrongAttribute if a name in it is not an attribute. */
export function fromFragment(fragment: string): Attributes {
  const pairs = [...new URLSearchParams(fragment.replace(/^#/, ""))];
  for (const [name, value] of pairs) {
    if (!(SHARED as string[]).includes(name)) throw new WrongAttribute(name, value, `the names ${SHARED.join(", ")}`);
  }
  return Object.fromEntries(pairs);
}

/** Writes the tag with its attributes as HTML. */
export function toTag(attributes: Attributes): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  return `<two-tower-trainer${written.join("")}></two-tower-trainer>`;
}

/** Escapes a value for an HTML attribute in double quotes. */
export function escaped(value: string): string {
  return value.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
}
