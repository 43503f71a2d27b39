/** How a line of a chart looks, and a sample of it for legends and tables. */

import { html, type TemplateResult } from "lit";

/** A colour, and a dash that tells it from others where colours do not. */
export interface Stroke {
  /** Custom property with the colour. */
  colour: string;
  /** Lengths drawn and left out, in turn; none for a whole line. */
  dash: readonly number[];
}

export function lineKey({ colour, dash }: Stroke): TemplateResult {
  return html`<svg width="26" height="4" aria-hidden="true">
    <line x2="26" y1="2" y2="2" stroke="var(${colour})" stroke-width="2" stroke-dasharray=${dash.join(" ")} />
  </svg>`;
}
