import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { EpochReport, Metrics } from "../index.js";
import { base } from "./base.js";
import type { Line } from "./line-chart.js";
import "./line-chart.js";
import type { Points } from "./loss-curve.js";

/** What a run has measured: its loss as it falls, and its metrics beside those of recommending what is popular. */
@customElement("run-charts")
export class RunCharts extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr));
        gap: 16px;
      }
    `,
  ];

  @property({ attribute: false }) loss: Points = { epochs: [], losses: [] };
  @property({ attribute: false }) reports: readonly EpochReport[] = [];
  @property({ attribute: false }) popularity: Metrics | undefined;
  /** Epochs of the whole run. */
  @property({ type: Number }) epochs = 1;

  override render(): TemplateResult {
    const ends = [0, ...this.reports.map(({ epoch }) => epoch)];
    const x = ends.at(-1) === this.epochs ? ends : [...ends, this.epochs];
    const metric = (name: keyof Metrics): (number | null)[] =>
      x.map((epoch) => this.reports.find((report) => report.epoch === epoch)?.[name] ?? null);
    const compared = (name: keyof Metrics, label: string, colour: string): Line => ({
      label,
      colour,
      y: metric(name),
      points: true,
      baseline: { label: "popularity", value: this.popularity?.[name] },
    });
    return html`
      <line-chart
        class="card"
        heading="Loss"
        .x=${this.loss.epochs}
        .lines=${[{ label: "softmax", colour: "--loss", y: this.loss.losses }]}
        .epochs=${this.epochs}
      ></line-chart>
      <line-chart
        class="card"
        heading="Test metrics"
        .x=${x}
        .from=${0}
        .lines=${[compared("recall@20", "recall@20", "--recall"), compared("ndcg@20", "NDCG@20", "--ndcg")]}
        .epochs=${this.epochs}
      ></line-chart>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "run-charts": RunCharts;
  }
}
