import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import type { Contender } from "./comparison.js";
import "./comparison-chart.js";
import "./comparison-table.js";
import "./comparison-verdicts.js";
import { define } from "./define.js";
import { count, plural } from "./format.js";

/** Results of a comparison: a chart, a sentence on each strategy, a table, and the options that all strategies share. */
@define("tt-comparison-results")
export class ComparisonResults extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
      }
    `,
  ];

  @property({ attribute: false }) contenders: readonly Contender[] = [];
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];

  override render(): TemplateResult {
    const { contenders, specs } = this;
    return html`<tt-comparison-chart .contenders=${contenders}></tt-comparison-chart>
      <tt-comparison-verdicts .contenders=${contenders} .specs=${specs}></tt-comparison-verdicts>
      <tt-comparison-table .contenders=${contenders}></tt-comparison-table>
      ${this.#shared()}`;
  }

  /** Renders the options that all strategies share. */
  #shared(): TemplateResult | typeof nothing {
    const about = this.contenders.flatMap(({ runs }) => runs).find(({ about }) => about)?.about;
    if (about === undefined) return nothing;
    const { epochs, batchSize, dim, seed } = about.config;
    const seeds = this.contenders[0]?.runs.length ?? 1;
    const told = seeds === 1 ? `seed ${String(seed)}` : `seeds ${String(seed)} to ${String(seed + seeds - 1)}`;
    return html`<p class="small muted figure">
      All strategies used the settings at the start: ${plural(epochs, "epoch")} of batches of ${count(batchSize)} pairs, width
      ${count(dim)}, ${told}, on ${about.backend === "cpu" ? "the CPU" : "WebGPU"}. Work is counted from the plan; time is
      training time only.
    </p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-comparison-results": ComparisonResults;
  }
}
