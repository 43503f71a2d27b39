/** The look of a chart's line, and a sample of it for legends and tables. */

import { html, type TemplateResult } from "lit";

/** A colour, and a dash pattern for readers who cannot tell colours apart. */
export interface Stroke {
  /** Custom property with the colour. */
  colour: string;
  /** Lengths of dashes and gaps, in turn; empty for a solid line. */
  dash: readonly number[];
}

export function lineKey({ colour, dash }: Stroke): TemplateResult {
  return html`<svg width="26" height="4" aria-hidden="true">
    <line x2="26" y1="2" y2="2" stroke="var(${colour})" stroke-width="2" stroke-dasharray=${dash.join(" ")} />
  </svg>`;
}
