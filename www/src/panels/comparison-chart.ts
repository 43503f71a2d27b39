import { css, html, LitElement, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";

import type { EpochReport } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import "./choice-bar.js";
import { type Contender, shownRuns } from "./comparison.js";
import { rate } from "./format.js";
import { type Judged, mean } from "./verdict.js";
import { type Axis, EPOCHS, type Line } from "./line-chart.js";
import "./line-chart.js";

/** Axes of the comparison: equal passes, equal data, or equal time. */
const OVER = {
  epochs: { name: "epochs", ...EPOCHS, spent: () => 1 },
  pairs: { name: "pairs trained", label: "the pairs trained", least: 1, tick: rate, place: (pairs) => `${rate(pairs)} pairs`, spent: ({ pairs }) => pairs },
  time: { name: "time", label: "the time", least: 0.001, tick: (seconds) => `${seconds} s`, place: (seconds) => `${seconds.toFixed(1)} s`, spent: ({ seconds }) => seconds },
} as const satisfies Record<string, Axis & { name: string; spent: (epoch: EpochReport) => number }>;

const METRICS = [
  ["ndcg@20", "NDCG@20"],
  ["recall@20", "recall@20"],
] as const satisfies readonly (readonly [Judged, string])[];

/** Chart of a metric of all strategies over epochs, pairs or time. */
@define("tt-comparison-chart")
export class ComparisonChart extends LitElement {
  static override styles = [
    base,
    css`
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 12px 24px;
        margin-bottom: 16px;
      }
      tt-line-chart {
        --plot-height: 300px;
      }
    `,
  ];

  @property({ attribute: false }) contenders: readonly Contender[] = [];
  @state() private metric: (typeof METRICS)[number][0] = "ndcg@20";
  @state() private over: keyof typeof OVER = "epochs";

  override render(): TemplateResult {
    const axis = OVER[this.over];
    const banded = this.contenders.some(({ runs }) => runs.length > 1);
    const curves = this.contenders.map((contender) => curve(contender, this.metric, axis.spent));
    const x = [...new Set([0, ...curves.flatMap((points) => [...points.keys()])])].toSorted((a, b) => a - b);
    const lines = this.contenders.map(({ strategy: { name, stroke } }, ix): Line => {
      const at = (of: (values: readonly number[]) => number): (number | null)[] =>
        x.map((at) => {
          const values = curves[ix]?.get(at);
          return values ? of(values) : null;
        });
      const band = { low: at((values) => Math.min(...values)), high: at((values) => Math.max(...values)) };
      return { label: name, stroke, y: at(mean), points: true, ...(banded && { band }) };
    });
    return html`<div class="choices">
        <tt-choice-bar
          label="Over"
          .choices=${Object.entries(OVER).map(([id, { name }]) => [id, name])}
          chosen=${this.over}
          @change=${({ detail }: CustomEvent<keyof typeof OVER>) => (this.over = detail)}
        ></tt-choice-bar>
        <tt-choice-bar
          label="Metric"
          .choices=${METRICS}
          chosen=${this.metric}
          @change=${({ detail }: CustomEvent<(typeof METRICS)[number][0]>) => (this.metric = detail)}
        ></tt-choice-bar>
      </div>
      ${keyed(
        // A chart cannot change its set of lines, so other lines need another chart.
        [banded, ...lines.map(({ label }) => label)].join(),
        html`<tt-line-chart
          class="card"
          heading=${this.#heading()}
          .axis=${axis}
          .to=${Math.max(...x, this.over === "epochs" ? this.#epochs() : 0) || 1}
          .x=${x}
          .from=${0}
          .lines=${lines}
        ></tt-line-chart>`,
      )}`;
  }

  #heading(): string {
    const validated = this.contenders.flatMap(({ runs }) => runs).some(({ about }) => (about?.data.validation ?? 0) > 0);
    const name = METRICS.find(([id]) => id === this.metric)?.[1] ?? "";
    return validated ? `${name} on the validation part` : name;
  }

  /** Returns the number of epochs of the longest run. */
  #epochs(): number {
    return Math.max(...this.contenders.flatMap(({ runs }) => runs).map(({ about }) => about?.config.epochs ?? 1));
  }
}

/** Returns the metric's values in the runs after each epoch, by the mean cost of the runs up to that epoch. */
function curve(
  contender: Contender,
  metric: Judged,
  spent: (epoch: EpochReport) => number,
): ReadonlyMap<number, readonly number[]> {
  const runs = shownRuns(contender).map(({ epochs }) => ({ epochs, spent: sums(epochs.map(spent)) }));
  const longest = Math.max(...runs.map(({ epochs }) => epochs.length));
  const points = Array.from({ length: longest }, (_, n) => {
    const values = runs.flatMap(({ epochs }) => epochs[n]?.[metric] ?? []);
    return [mean(runs.flatMap(({ spent }) => spent[n] ?? [])), values] as const;
  });
  return new Map(points.filter(([, values]) => values.length > 0));
}

/** Returns the running sums of the values. */
function sums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-comparison-chart": ComparisonChart;
  }
}
