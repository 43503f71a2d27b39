import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { EpochReport, Metrics } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { type Contender, type Run, shownRuns } from "./comparison.js";
import { count, scaled, share } from "./format.js";
import { lineKey } from "./line-key.js";
import { table } from "./table.js";
import { deviation, isAhead, type Judged, mean } from "./verdict.js";

/** Costs of a strategy's epochs: name, value and format. */
const SPENT: readonly (readonly [name: string, of: (epoch: EpochReport) => number, written: (sum: number) => string])[] = [
  ["Pairs", ({ pairs }) => pairs, count],
  ["Steps", ({ steps }) => steps, count],
  ["Dispatches", ({ dispatches }) => dispatches, count],
  ["Bytes moved", ({ bytesMoved }) => bytesMoved, (bytes) => scaled(bytes, "B")],
  ["Multiply-adds", ({ multiplyAdds }) => multiplyAdds, scaled],
  ["Time", ({ seconds }) => seconds, (seconds) => `${seconds.toFixed(1)} s`],
];

/** Table of the final metrics and the costs of each strategy. */
@define("tt-comparison-table")
export class ComparisonTable extends LitElement {
  static override styles = [
    base,
    table,
    css`
      thead th {
        vertical-align: bottom;
        white-space: normal;
      }
      tbody th,
      tfoot th {
        position: sticky;
        left: 0;
        background: var(--paper);
      }
      .name {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      .told {
        display: block;
        max-width: calc(18 * var(--rem));
        padding-inline-start: 34px;
        white-space: normal;
      }
      td {
        vertical-align: top;
      }
      .best {
        font-weight: 650;
      }
      .error {
        white-space: normal;
        text-align: start;
      }
      tfoot :is(th, td) {
        color: var(--muted);
      }
    `,
  ];

  @property({ attribute: false }) contenders: readonly Contender[] = [];

  override render(): TemplateResult {
    const popularity = this.contenders.flatMap(({ runs }) => runs).find(({ final }) => final?.popularity)?.final?.popularity;
    return html`<!-- Focusable, so that the keyboard can scroll it. -->
      <div class="scroll" role="region" aria-label="Strategies compared" tabindex="0">
        <table class="figure small">
          <thead>
            <tr>
              <th scope="col">Strategy</th>
              <th scope="col">recall@20</th>
              <th scope="col">NDCG@20</th>
              ${SPENT.map(([name]) => html`<th scope="col">${name}</th>`)}
              <th scope="col">Memory</th>
            </tr>
          </thead>
          <tbody>
            ${this.contenders.map((contender) => this.#row(contender))}
          </tbody>
          ${popularity ? this.#popularity(popularity) : nothing}
        </table>
      </div>`;
  }

  #row(contender: Contender): TemplateResult {
    const { strategy, told, runs } = contender;
    const error = runs.find((run) => run.error)?.error;
    return html`<tr>
      <th scope="row">
        <span class="name">${lineKey(strategy.stroke)} ${strategy.name}</span>
        ${told ? html`<span class="told muted">${told}</span>` : nothing}
      </th>
      ${error ? html`<td class="error" colspan=${SPENT.length + 3}>${error.message}</td>` : this.#figures(contender)}
    </tr>`;
  }

  #figures(contender: Contender): TemplateResult {
    const runs = shownRuns(contender);
    const about = runs.find((run) => run.about)?.about;
    return html`${this.#metric("recall@20", contender, runs)} ${this.#metric("ndcg@20", contender, runs)}
    ${SPENT.map(([, of, written]) => html`<td>${spent(runs, of, written)}</td>`)}
    <td>${about ? scaled(about.memoryBytes, "B") : "–"}</td>`;
  }

  /** Renders a metric with its spread over the seeds; bold if it is ahead of all others by more than chance. */
  #metric(name: Judged, contender: Contender, runs: readonly Run[]): TemplateResult {
    const values = runs.flatMap(({ final, epochs }) => (final ?? epochs.at(-1))?.[name] ?? []);
    const ahead = isAhead(contender, this.contenders, name);
    return html`<td class=${ahead ? "best" : ""}>${values.length > 0 ? withSpread(values) : "–"}</td>`;
  }

  #popularity(metrics: Metrics): TemplateResult {
    return html`<tfoot>
      <tr>
        <th scope="row">Popularity</th>
        <td>${share(metrics["recall@20"])}</td>
        <td>${share(metrics["ndcg@20"])}</td>
        <td colspan=${SPENT.length + 1}></td>
      </tr>
    </tfoot>`;
  }
}

/** Returns the mean cost of the runs over their epochs so far. */
function spent(runs: readonly Run[], of: (epoch: EpochReport) => number, written: (sum: number) => string): string {
  const begun = runs.filter(({ epochs }) => epochs.length > 0);
  const sums = begun.map(({ epochs }) => epochs.reduce((sum, epoch) => sum + of(epoch), 0));
  return sums.length > 0 ? written(mean(sums)) : "–";
}

/** Returns the mean of a metric's values; of several values also their standard deviation, with one more digit. */
function withSpread(values: readonly number[]): string {
  return values.length > 1 ? `${share(mean(values))} ± ${deviation(values).toFixed(4)}` : share(mean(values));
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-comparison-table": ComparisonTable;
  }
}
