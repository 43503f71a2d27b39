import { html, type TemplateResult } from "lit";

import { sentence } from "./format.js";

/** Returns a sentence with the text between backticks as code. */
export function marked(text: string): (TemplateResult | string)[] {
  return sentence(text)
    .split("`")
    .map((part, ix) => (ix % 2 === 1 ? html`<code>${part}</code>` : part));
}
