/** Labels whose words explain themselves once `term.ts` is loaded; until then they are plain text. */

import { html, type TemplateResult } from "lit";

import { termOf } from "./terms.js";

/** A label, with its word explained if the glossary has it, and more to say of it. */
export function explained(label: string, more = ""): TemplateResult | string {
  const term = termOf(label);
  return term === undefined ? label : html`<tt-term name=${term} more=${more}>${label}</tt-term>`;
}
