import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { EpochReport, Metrics } from "../index.js";
import { base } from "./base.js";
import "./line-chart.js";
import type { LossCurve } from "./loss-curve.js";

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

  @property({ attribute: false }) loss: LossCurve | undefined;
  @property({ attribute: false }) reports: readonly EpochReport[] = [];
  @property({ attribute: false }) popularity: Metrics | undefined;
  /** Epochs of the whole run. */
  @property({ type: Number }) epochs = 1;

  override render(): TemplateResult {
    const ends = [0, ...this.reports.map(({ epoch }) => epoch)];
    const x = ends.at(-1) === this.epochs ? ends : [...ends, this.epochs];
    const metric = (name: keyof Metrics): (number | null)[] =>
      x.map((epoch) => this.reports.find((report) => report.epoch === epoch)?.[name] ?? null);
    const popular = (name: keyof Metrics): (number | null)[] => x.map(() => this.popularity?.[name] ?? null);
    return html`
      <line-chart
        class="card"
        heading="Loss"
        .x=${[...(this.loss?.epochs ?? [])]}
        .lines=${[{ label: "softmax", colour: "--loss", y: [...(this.loss?.losses ?? [])] }]}
        .epochs=${this.epochs}
      ></line-chart>
      <line-chart
        class="card"
        heading="Test metrics"
        .x=${x}
        .lines=${[
          { label: "recall@20", colour: "--recall", y: metric("recall@20"), points: true },
          { label: "popularity", colour: "--recall", y: popular("recall@20"), dashed: true },
          { label: "NDCG@20", colour: "--ndcg", y: metric("ndcg@20"), points: true },
          { label: "popularity", colour: "--ndcg", y: popular("ndcg@20"), dashed: true },
        ]}
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
