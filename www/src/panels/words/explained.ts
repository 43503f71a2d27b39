/** Labels that explain their words once `term.ts` is loaded; until then they are plain text. */

import { html, type TemplateResult } from "lit";

import { termOf } from "./terms.js";

/** Returns a label. If it begins with a word of the glossary, the word gets its explanation, followed by `more`. */
export function explained(label: string, more = ""): TemplateResult | string {
  const term = termOf(label);
  return term === undefined ? label : html`<tt-term name=${term} more=${more}>${label}</tt-term>`;
}
