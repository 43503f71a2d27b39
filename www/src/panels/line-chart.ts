import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { property, query, state } from "lit/decorators.js";
import uPlot from "uplot";
import plotStyle from "uplot/dist/uPlot.min.css";

import { base } from "./base.js";
import { define } from "./define.js";
import { share } from "./format.js";
import { lineKey, type Stroke } from "./line-key.js";
import { explained } from "./words/explained.js";

/** One line of a chart. */
export interface Line {
  label: string;
  stroke: Stroke;
  /** Values at the chart's `x`; `null` for no value. */
  y: readonly (number | null)[];
  /** Whether each value is marked. */
  points?: boolean;
  /** Lowest and highest values, at the chart's `x`; all lines of a chart have them, or none. */
  band?: { low: readonly (number | null)[]; high: readonly (number | null)[] };
  /** A value to compare with, drawn as a dashed line over the whole width. */
  baseline?: { label: string; value: number | undefined };
}

/** The horizontal axis. */
export interface Axis {
  /** Name, as in `Recall over the epochs`. */
  label: string;
  /** Smallest distance between two ticks. */
  least: number;
  tick(value: number): string;
  /** Formats a position on the axis, as in `epoch 2.35`. */
  place(value: number): string;
}

export const EPOCHS: Axis = {
  label: "the epochs",
  least: 1,
  tick: String,
  place: (value) => `epoch ${String(Number(value.toFixed(2)))}`,
};

const BASELINE_DASH = [5, 4];

/** How the lines of a chart are drawn. */
export interface Drawing {
  log: boolean;
  /** Weight of the earlier values in the running mean; 0 draws the values themselves. */
  smooth: number;
}

/** Opacity of a band in its line's colour, in percent. */
const BAND_SHADE = 24;

/** A band's edge. Only the area between two edges is drawn. */
const BAND_EDGE: uPlot.Series = { width: 0, spanGaps: true, points: { show: false } };

/** uPlot's numbers for its scales. Its types declare them as an enumeration that its code does not contain. */
const [LINEAR, LOGARITHMIC] = [1, 3] as unknown as [uPlot.Scale.Distr, uPlot.Scale.Distr];

/** Position of uPlot's cursor while there is no pointer: outside the plot. */
const NOWHERE = { left: -10, top: -10 };

/** Distances that ticks may have: 1, 2 and 5 times the powers of ten. */
const INCREMENTS = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** (power - 3))).flat();

/** Lines over an axis, with a legend that shows the last values, or the values under the pointer. */
@define("tt-line-chart")
export class LineChart extends LitElement {
  static override styles = [
    unsafeCSS(plotStyle),
    base,
    css`
      :host {
        container-type: inline-size;
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
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 20px;
      }
      li {
        display: grid;
        grid-template-columns: 26px auto auto;
        align-items: center;
        gap: 2px 8px;
      }
      .place {
        font-weight: 400;
      }
      ul:has(.compared) {
        display: block;
      }
      li.compared {
        grid-template-columns: 26px 1fr 3em 26px auto 3em;
      }
      @container (max-width: 290px) {
        header ul:has(.compared) {
          flex: 1 1 100%;
        }
        li.compared {
          grid-template-columns: 26px minmax(0, 1fr) 3em;
        }
      }
      /* Detects every change of the colour scheme: the colour changes, and the end of the transition redraws the chart. */
      .watch.watch {
        color: var(--ink);
        transition: color 1ms !important;
      }
      /* Lines keep the colours of their keys. */
      .probe {
        forced-color-adjust: none;
      }
      details {
        display: var(--chart-tools, block);
        margin: 2px 0 4px;
      }
      summary {
        width: fit-content;
        color: var(--muted);
      }
      .plot {
        border-radius: 4px;
        height: var(--plot-height, 220px);
        margin: 10px -6px 0;
      }
    `,
  ];

  @property() heading = "";
  @property({ attribute: false }) x: readonly number[] = [];
  @property({ attribute: false }) lines: readonly Line[] = [];
  /** Lowest value of the scale. Default: from the values. */
  @property({ type: Number }) from: number | undefined;
  @property({ attribute: false }) axis = EPOCHS;
  /** Right end of the axis. */
  @property({ type: Number }) to = 1;
  @query(".plot") private readonly plot!: HTMLElement;
  @query(".probe") private readonly probe!: HTMLElement;
  /** Settings of the reader: a logarithmic axis, and a running mean. */
  @state() private drawn: Drawing = { log: false, smooth: 0 };
  @state() private opened = false;
  /** Index of the values under the pointer. */
  @state() private pointed: number | undefined;
  /** Whether the arrow keys moved the pointer. Then a status region has the values, because a screen reader does not speak a changed label. */
  @state() private walked = false;
  #chart: uPlot | undefined;
  readonly #resized = new ResizeObserver(() => {
    this.#chart?.setSize(this.#size());
  });

  override connectedCallback(): void {
    super.connectedCallback();
    // A chart that was moved is drawn again.
    if (this.hasUpdated) this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  override render(): TemplateResult {
    const values = this.lines.map((line) => ({ line, value: this.#shown(line) }));
    const place = this.#place();
    const read = values.map(({ line, value }) => `${line.label} ${value}`).join(", ");
    const compared = this.lines.flatMap(({ label, baseline }) => (baseline ? [`${baseline.label} ${label} ${share(baseline.value)}`] : []));
    const summary = [`${place ? `${place}: ` : ""}${read}`, ...(compared.length > 0 ? [compared.join(", ")] : [])].join("; ");
    return html`<header>
        <h3>${this.heading} <span class="place muted figure">${place}</span></h3>
        <ul class="small figure">
          ${values.map(({ line, value }) => this.#legend(line, value))}
        </ul>
      </header>
      <div
        class="plot"
        role="img"
        aria-label="${this.heading} over ${this.axis.label}: ${summary}"
        tabindex="0"
        @keydown=${this.#walk}
        @pointermove=${() => (this.walked = false)}
        @blur=${() => this.#chart?.setCursor(NOWHERE)}
      ></div>
      <p class="unseen" role="status">${this.walked && place ? `${place}: ${read}` : nothing}</p>
      <details class="small" @toggle=${({ target }: Event) => (this.opened = (target as HTMLDetailsElement).open)}>
        <summary>Scale, table, CSV</summary>
        ${this.opened
          ? html`<tt-chart-tools
              .heading=${this.heading}
              .x=${this.x}
              .lines=${this.lines}
              .axis=${this.axis}
              .drawn=${this.drawn}
              @draw=${({ detail }: CustomEvent<Drawing>) => (this.drawn = detail)}
            ></tt-chart-tools>`
          : nothing}
      </details>
      <span class="probe" hidden></span>
      <span class="watch unseen" @transitionend=${() => this.#chart?.redraw(false, true)}></span>`;
  }

  override updated(changed: PropertyValues<LineChart>): void {
    // The tools are loaded when they are opened: most readers look only at the chart.
    if (this.opened) void import("./chart-tools.js");
    if (changed.has("drawn" as keyof LineChart)) {
      this.#chart?.destroy();
      this.#draw();
    } else if (this.#chart === undefined) this.#draw();
    else if (changed.has("lines") || changed.has("to") || changed.has("axis")) this.#chart.setData(this.#data());
  }

  #legend({ label, stroke, baseline }: Line, value: string): TemplateResult {
    return html`<li class=${baseline ? "compared" : ""}>
      ${lineKey(stroke)}
      <span class="muted">${explained(label)}</span>
      <span>${value}</span>
      ${baseline
        ? html`${lineKey({ ...stroke, dash: BASELINE_DASH })}
            <span class="muted">${explained(baseline.label)}</span>
            <span>${share(baseline.value)}</span>`
        : nothing}
    </li>`;
  }

  /** Returns the position of the values under the pointer, as text. */
  #place(): string | undefined {
    const x = this.pointed === undefined ? undefined : this.x[this.pointed];
    return x === undefined ? undefined : this.axis.place(x);
  }

  #shown(line: Line): string {
    const until = this.pointed === undefined ? line.y : line.y.slice(0, this.pointed + 1);
    return share(until.findLast((y) => y !== null) ?? undefined);
  }

  #draw(): void {
    const colour =
      (name: string, shade = 100) =>
      () =>
        this.#colour(name, shade);
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
        x: { time: false, range: () => [0, this.to] },
        y: { distr: this.drawn.log ? LOGARITHMIC : LINEAR, range: (_, low, high) => this.#range(low, high) },
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 6,
          grid: { show: false },
          space: 48,
          incrs: () => INCREMENTS.filter((distance) => distance >= this.axis.least),
          values: (_, ticks) => ticks.map((tick) => this.axis.tick(tick)),
        },
        { ...axis, size: 44, gap: 6 },
      ],
      series: [
        {},
        ...this.lines.flatMap((line) => [
          {
            stroke: colour(line.stroke.colour),
            width: 1.5,
            dash: [...line.stroke.dash],
            spanGaps: true,
            points: { show: line.points ?? false, size: 6, fill: colour("--raised") },
          },
          { stroke: colour(line.stroke.colour), width: 1, dash: BASELINE_DASH, points: { show: false } },
          ...(line.band ? [BAND_EDGE, BAND_EDGE] : []),
        ]),
      ],
      // After the series of x, each line has four: its own, its baseline, and the edges of its band.
      bands: this.lines.flatMap(({ band, stroke }, ix) =>
        band ? [{ series: [4 * ix + 4, 4 * ix + 3], fill: colour(stroke.colour, BAND_SHADE) }] : [],
      ),
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

  /** Returns the colour of a custom property in a form that a canvas accepts: without `light-dark()`. */
  #colour(name: string, shade: number): string {
    this.probe.style.color = `color-mix(in srgb, var(${name}) ${String(shade)}%, transparent)`;
    return getComputedStyle(this.probe).color;
  }

  /** Returns the range of the values with some margin. uPlot passes nulls while there are no values. */
  #range(low: number | null, high: number | null): [number, number] {
    if (low === null || high === null) return this.drawn.log ? [0.1, 1] : [0, 1];
    if (this.drawn.log) return [Math.max(low, high / 1e6, 1e-9) / 1.1, high * 1.1];
    const air = 0.06 * (high - low) || 0.1;
    return [this.from ?? low - air, high + air];
  }

  /** Moves along the values by the arrow keys, like a pointer. */
  #walk(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = this.x[(this.pointed ?? (step > 0 ? -1 : this.x.length)) + step];
    if (step === 0 || next === undefined || this.#chart === undefined) return;
    event.preventDefault();
    this.walked = true;
    this.#chart.setCursor({ left: this.#chart.valToPos(next, "x"), top: 0 });
  }

  #data(): uPlot.AlignedData {
    const { log, smooth } = this.drawn;
    const shown = (y: number | null): number | null => (log && y !== null && y <= 0 ? null : y);
    const column = (values: (number | null)[], line: number): (number | null)[] => (line === 0 ? smoothed(values, smooth) : values).map(shown);
    return [[...this.x], ...this.lines.flatMap((line) => columns(line).map(column))];
  }

  #size(): { width: number; height: number } {
    return { width: this.plot.clientWidth, height: this.plot.clientHeight };
  }
}

/** Returns exponential moving means. They are divided by the sum of the weights, which corrects the first ones. */
export function smoothed(values: readonly (number | null)[], share: number): (number | null)[] {
  let [mean, weight] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    mean = share * mean + (1 - share) * value;
    weight = share * weight + (1 - share);
    return mean / weight;
  });
}

/** Returns the values of a line's series: the line, its baseline, and the edges of its band. */
function columns({ y, baseline, band }: Line): (number | null)[][] {
  return [[...y], y.map(() => baseline?.value ?? null), ...(band ? [[...band.low], [...band.high]] : [])];
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-line-chart": LineChart;
  }
}
