import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "./base.js";
import { csvOf } from "./chart-csv.js";
import { define } from "./define.js";
import { share } from "./format.js";
import { give } from "./give.js";
import { type Axis, type Drawing, EPOCHS, type Line } from "./line-chart.js";
import { table } from "./table.js";

/** Weights of the earlier values in the running mean, with labels. */
const SMOOTHING = [
  [0, "None"],
  [0.6, "Some"],
  [0.9, "Much"],
] as const;

/** Maximum number of rows in the table; the CSV has all. */
const MOST = 200;

/** Tools of a chart: a logarithmic axis, smoothing, its values as a table and as a file. Sends `draw`. */
@define("tt-chart-tools")
export class ChartTools extends LitElement {
  static override styles = [
    base,
    table,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 18px;
        padding-block: 6px;
      }
      label {
        display: flex;
        align-items: center;
        gap: 6px;
        min-height: 24px;
      }
      .field {
        width: auto;
        min-height: 30px;
      }
      .button {
        min-height: 30px;
        padding: 0 12px;
        font-weight: 400;
      }
      .scroll {
        max-height: 220px;
        overflow: auto;
      }
    `,
  ];

  @property() heading = "";
  @property({ attribute: false }) x: readonly number[] = [];
  @property({ attribute: false }) lines: readonly Line[] = [];
  @property({ attribute: false }) axis: Axis = EPOCHS;
  @property({ attribute: false }) drawn: Drawing = { log: false, smooth: 0 };

  override render(): TemplateResult {
    const { log, smooth } = this.drawn;
    return html`<div class="row">
        <label><input type="checkbox" .checked=${log} @change=${() => this.#draw({ log: !log, smooth })} /> Logarithmic axis</label>
        <label>
          Smoothing
          <select
            class="field"
            @change=${({ target }: Event) => this.#draw({ log, smooth: SMOOTHING[(target as HTMLSelectElement).selectedIndex]?.[0] ?? 0 })}
          >
            ${SMOOTHING.map(([value, label]) => html`<option .selected=${value === smooth}>${label}</option>`)}
          </select>
        </label>
        <button class="button" @click=${this.#give}>Download CSV</button>
      </div>
      ${this.#table()}`;
  }

  #table(): TemplateResult {
    const rows = this.x.map((x, ix) => ({ x, values: this.lines.map(({ y }) => y[ix] ?? null) })).filter(({ values }) => values.some((value) => value !== null));
    const step = Math.max(1, Math.ceil(rows.length / MOST));
    const shown = rows.filter((_, ix) => ix % step === 0 || ix === rows.length - 1);
    return html`<div class="scroll" role="region" aria-label="${this.heading} as a table" tabindex="0">
        <table class="figure">
          <thead>
            <tr>
              <th scope="col">At</th>
              ${this.lines.map(({ label }) => html`<th scope="col">${label}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${shown.map(({ x, values }) => html`<tr><th scope="row">${this.axis.place(x)}</th>${values.map((value) => html`<td>${share(value ?? undefined)}</td>`)}</tr>`)}
          </tbody>
        </table>
      </div>
      ${step > 1 ? html`<p class="muted">One value in ${step}; the file has all.</p>` : nothing}`;
  }

  #draw(detail: Drawing): void {
    this.dispatchEvent(new CustomEvent<Drawing>("draw", { detail }));
  }

  readonly #give = (): void => {
    const name = this.heading.toLowerCase().match(/[\p{L}\p{N}]+/gu)?.join("-") ?? "chart";
    give(new Blob([csvOf(this.x, this.lines, this.axis.label)], { type: "text/csv" }), `${name}.csv`);
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-chart-tools": ChartTools;
  }
}
