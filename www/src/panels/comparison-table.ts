import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { EpochReport, Metrics } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import type { Contender } from "./comparison.js";
import { count, scaled, share } from "./format.js";
import { lineKey } from "./line-key.js";
import { table } from "./table.js";

/** What a strategy spends on its epochs, and how it is written. */
const SPENT: readonly (readonly [name: string, of: (epoch: EpochReport) => number, written: (sum: number) => string])[] = [
  ["Pairs", ({ pairs }) => pairs, count],
  ["Steps", ({ steps }) => steps, count],
  ["Dispatches", ({ dispatches }) => dispatches, count],
  ["Bytes moved", ({ bytesMoved }) => bytesMoved, (bytes) => scaled(bytes, "B")],
  ["Multiply-adds", ({ multiplyAdds }) => multiplyAdds, scaled],
  ["Time", ({ seconds }) => seconds, (seconds) => `${seconds.toFixed(1)} s`],
];

/** What each strategy came to in the end, and what it spent. */
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
    const popularity = this.contenders.find(({ final }) => final?.popularity)?.final?.popularity;
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

  #row({ strategy: { name, stroke }, told, error, ...contender }: Contender): TemplateResult {
    return html`<tr>
      <th scope="row">
        <span class="name">${lineKey(stroke)} ${name}</span>
        ${told ? html`<span class="told muted">${told}</span>` : nothing}
      </th>
      ${error ? html`<td class="error" colspan=${SPENT.length + 3}>${error.message}</td>` : this.#figures(contender)}
    </tr>`;
  }

  #figures({ epochs, about, final }: Pick<Contender, "epochs" | "about" | "final">): TemplateResult {
    const measured = final ?? epochs.at(-1);
    const spent = (of: (epoch: EpochReport) => number): number => epochs.reduce((sum, epoch) => sum + of(epoch), 0);
    return html`${this.#metric("recall@20", measured)} ${this.#metric("ndcg@20", measured)}
    ${SPENT.map(([, of, written]) => html`<td>${epochs.length > 0 ? written(spent(of)) : "–"}</td>`)}
    <td>${about ? scaled(about.memoryBytes, "B") : "–"}</td>`;
  }

  /** A metric; that of the best stands out. */
  #metric(name: keyof Metrics, measured: Partial<Metrics> | undefined): TemplateResult {
    const value = measured?.[name];
    const best = Math.max(...this.contenders.map(({ final }) => final?.[name] ?? 0));
    return html`<td class=${value === best ? "best" : ""}>${share(value)}</td>`;
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

declare global {
  interface HTMLElementTagNameMap {
    "tt-comparison-table": ComparisonTable;
  }
}
