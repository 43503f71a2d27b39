import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import type { Contender } from "./comparison.js";
import { define } from "./define.js";
import { lineKey } from "./line-key.js";
import { chance, percent, reference, verdict } from "./verdict.js";

/** Summary of a comparison: a sentence on each strategy, and the size of differences that may be chance. */
@define("tt-comparison-verdicts")
export class ComparisonVerdicts extends LitElement {
  static override styles = [
    base,
    css`
      ul {
        display: grid;
        gap: 6px;
        margin-bottom: 8px;
      }
      li {
        display: grid;
        grid-template-columns: 26px minmax(0, 1fr);
        align-items: baseline;
        gap: 8px;
        text-wrap: pretty;
      }
      svg {
        translate: 0 -4px;
      }
      b {
        font-weight: 550;
      }
    `,
  ];

  @property({ attribute: false }) contenders: readonly Contender[] = [];
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];

  override render(): TemplateResult | typeof nothing {
    const { contenders, specs } = this;
    const sentences = contenders.map((contender) => ({ ...contender.strategy, sentence: verdict(contender, contenders, specs) }));
    const told = sentences.filter(({ sentence }) => sentence !== undefined);
    if (told.length === 0) return nothing;
    return html`<ul>
        ${told.map(({ name, stroke, sentence }) => html`<li>${lineKey(stroke)} <span><b>${name}</b> is ${sentence}</span></li>`)}
      </ul>
      <p class="small muted">${this.#chance()}</p>`;
  }

  #chance(): string {
    const runs = reference(this.contenders)?.runs ?? [];
    const seeds = runs.filter(({ final }) => final).length;
    const told = percent(chance(seeds, runs[0]?.about?.data.users ?? 1));
    return seeds === 1
      ? `With one seed, a difference under ${told} may be chance. Three seeds show smaller differences.`
      : `Values are means of ${String(seeds)} seeds ± standard deviation; bands show the lowest and the highest. A difference under ` +
          `${told}, or smaller than its spread over the seeds, counts as level.`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-comparison-verdicts": ComparisonVerdicts;
  }
}
