import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { elapsed, share } from "../panels/format.js";
import { lineKey, type Stroke } from "../panels/line-key.js";
import type { Line } from "../panels/line-chart.js";
import "../panels/line-chart.js";
import { named } from "../panels/options.js";
import { valuesOf } from "../panels/settings.js";
import { table } from "../panels/table.js";
import type { PastRun } from "./run-store.js";

const STROKES: readonly Stroke[] = [
  { colour: "--recall", dash: [] },
  { colour: "--accent", dash: [6, 3] },
];

/** Two past runs side by side: a chart of their NDCG after each epoch, and a table of their differences. */
@define("tt-run-pair")
export class RunPair extends LitElement {
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
        padding: 8px 16px;
      }
      th[scope="col"] {
        max-width: 16ch;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      td {
        max-width: 24ch;
        overflow-wrap: anywhere;
        white-space: normal;
      }
      thead td {
        border: 0;
      }
      .best {
        font-weight: 650;
      }
    `,
  ];

  @property({ attribute: false }) runs: readonly PastRun[] = [];
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];

  override render(): TemplateResult {
    const { runs } = this;
    const most = Math.max(1, ...runs.map(({ epochs }) => epochs.at(-1)?.epoch ?? 0));
    const x = Array.from({ length: most + 1 }, (_, epoch) => epoch);
    const names = this.#names();
    const lines = runs.map(({ epochs }, ix): Line => {
      const ndcg = (at: number): number | null => epochs.find(({ epoch }) => epoch === at)?.["ndcg@20"] ?? null;
      return { label: names[ix] ?? "", stroke: strokeOf(ix), y: x.map(ndcg), points: true };
    });
    return html`<tt-line-chart class="card" heading="NDCG@20" .x=${x} .from=${0} .lines=${lines} .to=${most}></tt-line-chart>
      <div class="scroll card" role="region" aria-label="The two runs as a table" tabindex="0">
        <table class="figure small">
          <thead>
            <tr>
              <td></td>
              ${names.map((name, ix) => html`<th scope="col" title=${name}>${lineKey(strokeOf(ix))} ${name}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${this.#measured("recall@20", "recall@20")} ${this.#measured("NDCG@20", "ndcg@20")}
            ${this.#row("Loss", ({ epochs }) => share(epochs.at(-1)?.loss))}
            ${this.#row("Epochs", ({ epochs }) => String(epochs.length))}
            ${this.#row("Time", ({ epochs }) => elapsed(epochs.reduce((sum, { seconds }) => sum + seconds, 0)))}
            ${this.#row("Data", ({ data }) => data)} ${this.#differences()}
          </tbody>
        </table>
      </div>`;
  }

  /** Returns the names of the two runs; equal names get numbers, in the order of the list. */
  #names(): string[] {
    const names = this.runs.map(({ name }) => name);
    return new Set(names).size === names.length ? names : names.map((name, ix) => `${name} (${ix + 1})`);
  }

  /** Returns a row for each option in which the two runs differ. */
  #differences(): TemplateResult[] {
    const values = this.runs.map(({ config }) => valuesOf(config, this.specs));
    const written = (ix: number, key: string): string => {
      const value = values[ix]?.[key] ?? null;
      return value === null ? "–" : Array.isArray(value) ? value.join(", ") : String(value);
    };
    const differing = this.specs.filter(({ key }) => key !== "epochs" && key !== "preset" && written(0, key) !== written(1, key));
    return differing.map(({ key }) => html`<tr>
      <th scope="row">${named(key)[1]}</th>
      ${this.runs.map((_, ix) => html`<td>${written(ix, key)}</td>`)}
    </tr>`);
  }

  #measured(label: string, name: "recall@20" | "ndcg@20"): TemplateResult {
    const shown = this.runs.map(({ final, epochs }) => share((final?.[name] === undefined ? epochs.at(-1) : final)?.[name]));
    const best = shown.toSorted().at(-1);
    return html`<tr>
      <th scope="row">${label}</th>
      ${shown.map((value) => html`<td class=${value === best ? "best" : ""}>${value}</td>`)}
    </tr>`;
  }

  #row(label: string, of: (run: PastRun) => string): TemplateResult {
    return html`<tr>
      <th scope="row">${label}</th>
      ${this.runs.map((run) => html`<td>${of(run)}</td>`)}
    </tr>`;
  }
}

function strokeOf(ix: number): Stroke {
  return STROKES[ix] ?? { colour: "--ink", dash: [] };
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-run-pair": RunPair;
  }
}
