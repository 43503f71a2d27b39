import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { Metrics } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { share } from "./format.js";
import type { Line } from "./line-chart.js";
import "./line-chart.js";
import { table } from "./table.js";
import { bestOf, type TrialRun } from "./trials.js";

/** The trials of a tuned run: a chart of the current one and the best one, and a table of all. */
@define("tt-trials")
export class Trials extends LitElement {
  static override styles = [
    base,
    table,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
        gap: 16px;
        align-items: start;
      }
      .scroll {
        padding: 12px 16px;
      }
      .best {
        font-weight: 650;
      }
      h3 {
        margin-bottom: 6px;
      }
    `,
  ];

  @property({ attribute: false }) trials: readonly TrialRun[] = [];
  /** The metric that selects the best trial. */
  @property() metric: keyof Metrics = "ndcg@20";
  /** Whether all temperatures were tried. */
  @property({ type: Boolean }) over = false;

  override render(): TemplateResult {
    const bests = this.trials.map((trial) => bestOf(trial, this.metric));
    const scores = bests.map((best) => best?.[this.metric] ?? -1);
    const leader = scores.indexOf(Math.max(...scores));
    return html`${this.over ? "" : this.#chart(leader)}
      <div class="scroll card" role="region" aria-label="Temperatures that were tried" tabindex="0">
        <h3>Temperatures</h3>
        <table class="figure small">
          <thead>
            <tr>
              <th scope="col">τ</th>
              <th scope="col">Epochs</th>
              <th scope="col">Best</th>
              <th scope="col">recall@20</th>
              <th scope="col">NDCG@20</th>
            </tr>
          </thead>
          <tbody>
            ${this.trials.map(({ temperature, epochs }, ix) => {
              const best = bests[ix];
              return html`<tr class=${ix === leader && best ? "best" : ""}>
                <th scope="row">${temperature}${ix === leader && best ? (this.over ? " (chosen)" : " (best so far)") : ""}</th>
                <td>${epochs.at(-1)?.epoch ?? 0}</td>
                <td>${best?.epoch ?? "–"}</td>
                <td>${share(best?.["recall@20"])}</td>
                <td>${share(best?.["ndcg@20"])}</td>
              </tr>`;
            })}
          </tbody>
        </table>
        <p class="small muted">Measured on held-out pairs.</p>
      </div>`;
  }

  /** Renders the chart of the current trial and the best one. */
  #chart(leader: number): TemplateResult {
    const current = this.trials.at(-1);
    const best = this.trials[leader];
    const to = Math.max(1, current?.of ?? 1);
    const x = Array.from({ length: to + 1 }, (_, epoch) => epoch);
    const line = ({ epochs }: Pick<TrialRun, "epochs">, colour: string, dash: number[], label: string): Line => ({
      label,
      stroke: { colour, dash },
      y: x.map((at) => epochs.find(({ epoch }) => epoch === at)?.[this.metric] ?? null),
      points: true,
    });
    const other = best === current ? undefined : best;
    const named = (trial: TrialRun | undefined): string => (trial ? `τ ${String(trial.temperature)}` : "");
    // Always two lines: a chart keeps its number of lines.
    const lines = [
      line(current ?? { epochs: [] }, "--ndcg", [], named(current)),
      line(other ?? { epochs: [] }, "--recall", [5, 4], other ? `best, ${named(other)}` : "best"),
    ];
    return html`<tt-line-chart class="card" heading=${`${this.metric.replace("ndcg", "NDCG")}, held out`} .x=${x} .from=${0} .lines=${lines} .to=${to}></tt-line-chart>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-trials": Trials;
  }
}
