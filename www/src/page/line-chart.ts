import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import uPlot from "uplot";
import plotStyle from "uplot/dist/uPlot.min.css?inline";

import { base } from "./base.js";
import { share } from "./format.js";

/** One line of a chart. */
export interface Line {
  label: string;
  /** Custom property with its colour. */
  colour: string;
  /** Values at the chart's `x`; `null` where there is none. */
  y: readonly (number | null)[];
  /** Whether each value is marked. */
  points?: boolean;
  /** A value to be compared with, drawn dashed over the whole width. */
  baseline?: { label: string; value: number | undefined };
}

/** Lines over epochs, with a legend that shows the last values, or those under the pointer. */
@customElement("line-chart")
export class LineChart extends LitElement {
  static override styles = [
    unsafeCSS(plotStyle),
    base,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-width: 0;
        padding: 16px 16px 8px;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        align-content: start;
        justify-content: space-between;
        flex: 1;
        gap: 4px 16px;
      }
      li {
        display: grid;
        grid-template-columns: 16px auto auto;
        align-items: center;
        justify-content: end;
        gap: 8px;
      }
      li.compared {
        grid-template-columns: 16px 1fr 3em 16px auto 3em;
      }
      .key {
        border-top: 2px solid;
      }
      .key.dashed {
        border-top: 1.5px dashed;
      }
      .plot {
        height: 220px;
        margin: 10px -6px 0;
      }
    `,
  ];

  @property() heading = "";
  @property({ attribute: false }) x: readonly number[] = [];
  @property({ attribute: false }) lines: readonly Line[] = [];
  /** Lowest value of the scale; found from the values if not given. */
  @property({ type: Number }) from: number | undefined;
  /** Right end of the epochs' axis. */
  @property({ type: Number }) epochs = 1;
  @query(".plot") private readonly plot!: HTMLElement;
  /** Index of the values under the pointer. */
  @state() private pointed: number | undefined;
  #chart: uPlot | undefined;
  readonly #resized = new ResizeObserver(() => {
    this.#chart?.setSize(this.#size());
  });
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #recolour = (): void => {
    this.#chart?.redraw(false, true);
  };

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scheme.addEventListener("change", this.#recolour);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scheme.removeEventListener("change", this.#recolour);
    this.#resized.disconnect();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  override render(): TemplateResult {
    const values = this.lines.map((line) => ({ line, value: this.#shown(line) }));
    const summary = values.map(({ line, value }) => `${line.label} ${value}`).join(", ");
    return html`<header>
        <h3>${this.heading}</h3>
        <ul class="small figure">
          ${values.map(({ line, value }) => this.#legend(line, value))}
        </ul>
      </header>
      <div class="plot" role="img" aria-label="${this.heading} over the epochs: ${summary}"></div>`;
  }

  override updated(changed: PropertyValues<LineChart>): void {
    if (this.#chart === undefined) this.#draw();
    else if (changed.has("lines") || changed.has("epochs")) this.#chart.setData(this.#data());
  }

  #legend({ label, colour, baseline }: Line, value: string): TemplateResult {
    const key = `border-color: var(${colour})`;
    return html`<li class=${baseline ? "compared" : ""}>
      <span class="key" style=${key}></span>
      <span class="muted">${label}</span>
      <span>${value}</span>
      ${baseline
        ? html`<span class="key dashed" style=${key}></span>
            <span class="muted">${baseline.label}</span>
            <span>${share(baseline.value)}</span>`
        : nothing}
    </li>`;
  }

  #shown(line: Line): string {
    const under = this.pointed === undefined ? null : line.y[this.pointed];
    const value = under ?? line.y.findLast((y) => y !== null);
    return typeof value === "number" ? share(value) : "–";
  }

  #draw(): void {
    const colour = (name: string) => () => getComputedStyle(this).getPropertyValue(name);
    const axis: uPlot.Axis = {
      stroke: colour("--muted"),
      font: `11px ${getComputedStyle(this).fontFamily}`,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      ...this.#size(),
      legend: { show: false },
      padding: [8, 12, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: () => [0, this.epochs] },
        y: { range: (_, low, high) => this.#range(low, high) },
      },
      axes: [
        { ...axis, size: 26, gap: 6, grid: { show: false }, space: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
        { ...axis, size: 44, gap: 6 },
      ],
      series: [
        {},
        ...this.lines.flatMap((line) => [
          {
            stroke: colour(line.colour),
            width: 1.5,
            spanGaps: true,
            points: { show: line.points ?? false, size: 6, fill: colour("--raised") },
          },
          { stroke: colour(line.colour), width: 1, dash: [5, 4], points: { show: false } },
        ]),
      ],
      hooks: {
        setCursor: [
          ({ cursor }) => {
            this.pointed = cursor.idx ?? undefined;
          },
        ],
      },
    };
    this.#chart = new uPlot(options, this.#data(), this.plot);
    this.#resized.observe(this.plot);
  }

  /** The values with some air around them; uPlot gives nulls while there are none. */
  #range(low: number | null, high: number | null): [number, number] {
    if (low === null || high === null) return [0, 1];
    const air = 0.06 * (high - low) || 0.1;
    return [this.from ?? low - air, high + air];
  }

  #data(): uPlot.AlignedData {
    return [[...this.x], ...this.lines.flatMap(({ y, baseline }) => [[...y], y.map(() => baseline?.value ?? null)])];
  }

  #size(): { width: number; height: number } {
    return { width: this.plot.clientWidth, height: this.plot.clientHeight };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "line-chart": LineChart;
  }
}
