import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { EpochReport, Metrics } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { elapsed, share } from "./format.js";
import { table } from "./table.js";
import { explained } from "./words/explained.js";

const COLUMNS = ["recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10", "coverage@20"] as const;

/** Table of the metrics of each epoch, and of recommending popular items. */
@define("tt-epoch-table")
export class EpochTable extends LitElement {
  static override styles = [
    base,
    table,
    css`
      .scroll {
        margin-top: 8px;
      }
    `,
  ];

  @property({ attribute: false }) reports: readonly EpochReport[] = [];
  @property({ attribute: false }) popularity: Metrics | undefined;

  override render(): TemplateResult | typeof nothing {
    if (this.reports.length === 0) return nothing;
    return html`<details class="small">
      <summary>Every epoch as a table</summary>
      <!-- Focusable, so that the keyboard can scroll it. -->
      <div class="scroll" role="region" aria-label="Metrics of every epoch" tabindex="0">
        <table class="figure">
          <thead>
            <tr>
              <th scope="col">Epoch</th>
              <th scope="col">Loss</th>
              <th scope="col">Time</th>
              ${COLUMNS.map((name) => html`<th scope="col">${explained(name)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${this.reports.map((report) => this.#row(String(report.epoch), report, share(report.loss), elapsed(report.seconds)))}
            ${this.popularity ? this.#row("Popularity", this.popularity, "", "") : nothing}
          </tbody>
        </table>
      </div>
    </details>`;
  }

  #row(head: string, metrics: Partial<Metrics>, loss: string, time: string): TemplateResult {
    return html`<tr>
      <th scope="row">${head}</th>
      <td>${loss}</td>
      <td>${time}</td>
      ${COLUMNS.map((name) => html`<td>${share(metrics[name])}</td>`)}
    </tr>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-epoch-table": EpochTable;
  }
}
