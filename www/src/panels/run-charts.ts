import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { EpochReport, Final, Metrics } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { share } from "./format.js";
import type { Line } from "./line-chart.js";
import "./line-chart.js";
import type { Points } from "./loss-curve.js";

/** Charts of a run: its loss, and its metrics compared with recommending popular items. */
@define("tt-run-charts")
export class RunCharts extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
        gap: 16px;
      }
      p {
        grid-column: 1 / -1;
      }
    `,
  ];

  @property({ attribute: false }) loss: Points = { epochs: [], losses: [] };
  @property({ attribute: false }) reports: readonly EpochReport[] = [];
  @property({ attribute: false }) popularity: Metrics | undefined;
  /** The model that is kept at the end, measured on the test part. */
  @property({ attribute: false }) final: Final | undefined;
  /** Whether the epochs are measured on a validation part, which selects the epoch to keep. */
  @property({ type: Boolean }) validated = false;
  /** Number of epochs of the whole run. */
  @property({ type: Number }) epochs = 1;
  /** Charts to show. */
  @property({ attribute: false }) shown: readonly ("loss" | "metrics")[] = ["loss", "metrics"];

  override render(): TemplateResult {
    const ends = [0, ...this.reports.map(({ epoch }) => epoch)];
    const x = ends.at(-1) === this.epochs ? ends : [...ends, this.epochs];
    const metric = (name: keyof Metrics): (number | null)[] =>
      x.map((epoch) => this.reports.find((report) => report.epoch === epoch)?.[name] ?? null);
    const compared = (name: keyof Metrics, label: string, colour: string): Line => ({
      label,
      stroke: { colour, dash: [] },
      y: metric(name),
      points: true,
      baseline: { label: "popularity", value: this.popularity?.[name] },
    });
    const loss = html`<tt-line-chart
        class="card"
        heading="Loss"
        .x=${this.loss.epochs}
        .lines=${[{ label: "softmax", stroke: { colour: "--loss", dash: [] }, y: this.loss.losses }]}
        .to=${this.epochs}
      ></tt-line-chart>`;
    const metrics = html`<tt-line-chart
        class="card"
        heading=${this.validated ? "Validation metrics" : "Test metrics"}
        .x=${x}
        .from=${0}
        .lines=${[compared("recall@20", "recall@20", "--recall"), compared("ndcg@20", "NDCG@20", "--ndcg")]}
        .to=${this.epochs}
      ></tt-line-chart>`;
    return html`${this.shown.includes("loss") ? loss : nothing} ${this.shown.includes("metrics") ? metrics : nothing}
      ${this.validated && this.final ? this.#kept(this.final) : nothing}
    `;
  }

  #kept({ epoch, popularity, ...metrics }: Final): TemplateResult {
    const text = (name: keyof Metrics): string => `${share(metrics[name])} (popularity ${share(popularity?.[name])})`;
    return html`<p class="small figure" role="status">
      Epoch ${epoch} was the best and is kept. On the test part: recall@20 ${text("recall@20")}, NDCG@20
      ${text("ndcg@20")}.
    </p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-run-charts": RunCharts;
  }
}
