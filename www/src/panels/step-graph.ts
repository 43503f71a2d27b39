import { css, html, LitElement, nothing, type PropertyValues, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import shaders from "virtual:shaders";

import { type PlannedOperation, type Profile, type StepGraph, type Trainer, TwoTowerError } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { capital, count, milliseconds, scaled } from "./format.js";
import { type Band, type Layout, layoutOf, type Spot } from "./graph/layout.js";
import { indented, valuesOf } from "./graph/wgsl.js";
import type { Phase } from "./session.js";
import { table } from "./table.js";

/** Folder of the sources. */
const SOURCES = "https://github.com/twotower/twotower/blob/main/";

/** Sizes of the drawing in pixels; the styles have the same sizes of a box. */
const BOX = { width: 156, height: 46 };
const PITCH = { x: 168, y: 78 };
const MARGIN = 12;
/** Height of a band's heading. */
const HEADING = 26;

/** How often the operations of a band run. */
const OFTEN: Readonly<Record<Band["once"], readonly [before: string, after: string]>> = {
  epoch: ["Between epochs", "At the end of an epoch"],
  window: ["Once a window of steps, before them", "Once a window of steps, after them"],
  step: ["Each step", "Each step"],
};

/** A training step as a graph, from the plan of the run: operations, and the buffers that they pass on. */
@define("tt-step-graph")
export class StepGraphPicture extends LitElement {
  static override styles = [
    base,
    table,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 12px;
      }
      .bar,
      .body {
        display: flex;
        flex-wrap: wrap;
        align-items: start;
        justify-content: space-between;
        gap: 8px 16px;
      }
      .bar p {
        flex: 1 1 300px;
        max-width: 75ch;
      }
      .scroller {
        max-width: 100%;
        overflow-x: auto;
      }
      .plan {
        position: relative;
        margin-inline: auto;
      }
      .plan svg,
      .plan h3,
      .plan li {
        position: absolute;
      }
      .plan h3 {
        inset-inline: 12px;
        overflow: hidden;
        border-top: 1px solid var(--line);
        padding-top: 3px;
        color: var(--muted);
        font-size: calc(0.75 * var(--rem));
        font-weight: normal;
        white-space: nowrap;
      }
      .plan button {
        display: grid;
        align-content: center;
        width: 156px;
        height: 46px;
        padding: 0 8px;
        border: 1px solid var(--edge);
        border-radius: 8px;
        background: var(--raised);
        font-size: calc(0.75 * var(--rem));
        line-height: 1.35;
        text-align: start;
      }
      button.user {
        border-inline-start: 4px solid var(--recall);
      }
      button.item {
        border-inline-start: 4px solid var(--accent);
      }
      button.shown {
        background: var(--sunken);
        outline: 2px solid var(--recall);
      }
      .plan span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .plan h3 span {
        padding-inline-end: 6px;
        background: var(--raised);
      }
      .plan meter {
        width: 100%;
        height: 5px;
        margin-top: 1px;
      }
      meter::-webkit-meter-bar {
        height: 5px;
        border: 1px solid var(--edge);
        border-radius: 3px;
        background: var(--sunken);
      }
      meter::-webkit-meter-optimum-value {
        background: var(--recall);
      }
      meter::-moz-meter-bar {
        background: var(--recall);
      }
      path {
        fill: none;
        stroke: var(--edge);
        stroke-opacity: 0.6;
      }
      path.lit {
        stroke: var(--recall);
        stroke-opacity: 1;
        stroke-width: 2.5;
      }
      .details {
        display: grid;
        flex: 1 1 300px;
        gap: 10px;
        min-width: 0;
        padding: 12px 14px;
        overflow-wrap: anywhere;
      }
      .formula {
        white-space: pre-line;
      }
      pre {
        max-height: 320px;
        margin: 4px 0 0;
        padding: 8px 10px;
        overflow: auto;
        border-radius: 6px;
        background: var(--sunken);
        font-size: calc(0.75 * var(--rem));
        line-height: 1.4;
      }
      .list td:nth-last-child(-n + 2) {
        text-align: start;
        white-space: normal;
        min-width: 180px;
      }
    `,
  ];

  @property({ attribute: false }) trainer: Trainer | undefined;
  /** Counts the runs. */
  @property({ type: Number }) run = 0;
  /** Changes when the model has. */
  @property({ type: Number }) version = 0;
  @property() phase: Phase = "opening";
  @state() private graph: StepGraph | undefined;
  @state() private layout: Layout | undefined;
  /** Number of the operation that is explained, and of the one below the pointer. */
  @state() private chosen = 0;
  @state() private pointed: number | undefined;
  @state() private profile: Profile | undefined;
  @state() private problem: string | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("run") || changed.has("trainer")) {
      this.graph = this.layout = this.profile = this.pointed = undefined;
      this.chosen = 0;
    } else if (!changed.has("version")) return;
    void this.#do(async (trainer) => {
      const graph = await trainer.graph();
      if (trainer !== this.trainer) return;
      if (this.layout === undefined) this.chosen = Math.max(0, graph.operations.findIndex(({ once }) => once === "step"));
      this.graph = graph;
      this.layout ??= layoutOf(graph);
    });
  }

  override render(): TemplateResult {
    const { graph, layout, problem } = this;
    return html`<div class="bar small">
        <p class="muted">
          Each box is an operation of this run, below those whose results it uses. Blue marks the user’s side, orange the item’s.
          ${graph ? this.#progress(graph) : ""}
        </p>
        <button class="button" ?disabled=${this.phase !== "training" && this.phase !== "paused"} @click=${this.#measure}>Measure the times</button>
      </div>
      ${problem ? html`<p class="small" role="status">${problem}</p>` : nothing}
      ${graph && layout
        ? html`<div class="body">
              <div class="card scroller" role="region" aria-label="Operations of a training step" tabindex="0">${this.#drawing(graph, layout)}</div>
              ${this.#details(graph)}
            </div>
            ${this.#list(graph)}`
        : html`<p class="small muted">Reading the plan…</p>`}`;
  }

  /** Returns counts that change from epoch to epoch. */
  #progress({ pairs, banked }: StepGraph): string {
    const about = this.trainer?.about;
    const { cbns, skip } = about?.config ?? {};
    const notes = [
      cbns ? `The bank has ${count(banked)} of ${count(cbns.capacity)} entries in use.` : "",
      skip && about ? `This epoch has ${count(pairs)} of ${count(about.data.train)} pairs.` : "",
    ];
    return notes.filter(Boolean).join(" ");
  }

  #drawing(graph: StepGraph, { spots, bands, rows, columns }: Layout): TemplateResult {
    const width = 2 * MARGIN + PITCH.x * (columns - 1) + BOX.width;
    const height = 2 * MARGIN + PITCH.y * (rows - 1) + BOX.height + HEADING * bands.length;
    const middle = width / 2;
    const top = ({ row }: Pick<Spot, "row">): number => MARGIN + PITCH.y * row + HEADING * bands.filter((band) => band.row <= row).length;
    const left = ({ column }: Spot): number => middle + PITCH.x * column - BOX.width / 2;
    // As properties, because a page may forbid the attribute `style`.
    return html`<div class="plan" .style=${`width: ${String(width)}px; height: ${String(height)}px`}>
      <svg width=${width} height=${height} aria-hidden="true">
        ${pairsOf(graph).map(([from, to]) => this.#edge([from, to], spots, (spot) => [left(spot) + BOX.width / 2, top(spot)]))}
      </svg>
      ${bands.map(
        (band, ix) => html`<h3 .style=${`top: ${String(top(band) - HEADING - (ix > 0 ? 8 : 0))}px`}><span>${oftenOf(bands, ix)}</span></h3>
          <ol>
            ${band.operations.map((number) => this.#box(graph, number, spots[number], (spot) => `left: ${String(left(spot))}px; top: ${String(top(spot))}px`))}
          </ol>`,
      )}
    </div>`;
  }

  #edge([from, to]: [number, number], spots: readonly Spot[], at: (spot: Spot) => [number, number]): SVGTemplateResult {
    const [start, end] = [spots[from], spots[to]];
    if (start === undefined || end === undefined) return svg``;
    const [[x, y], [u, v]] = [at(start), at(end)];
    const bend = Math.max(24, (v - y - BOX.height) / 2);
    const lit = [from, to].includes(this.#explained) ? "lit" : "";
    return svg`<path class=${lit} d="M${x} ${y + BOX.height} C${x} ${y + BOX.height + bend} ${u} ${v - bend} ${u} ${v}" />`;
  }

  #box(graph: StepGraph, number: number, spot: Spot | undefined, place: (spot: Spot) => string): TemplateResult | typeof nothing {
    const operation = graph.operations[number];
    if (spot === undefined || operation === undefined) return nothing;
    const [name = "", written = ""] = operation.operation.split(" → ");
    const time = this.#timeOf(graph, number);
    const filled = this.#filled(name);
    return html`<li .style=${place(spot)}>
      <button
        class="${sideOf(graph, operation)} ${number === this.#explained ? "shown" : ""}"
        aria-pressed=${number === this.chosen ? "true" : "false"}
        aria-describedby=${number === this.chosen ? "summary" : nothing}
        title=${operation.operation}
        @click=${() => (this.chosen = number)}
        @focus=${() => (this.chosen = number)}
        @pointerenter=${() => (this.pointed = number)}
        @pointerleave=${() => (this.pointed = undefined)}
      >
        <span>${name}</span>
        <span class="muted">${time === undefined ? `→ ${written}` : milliseconds(time)}</span>
        ${filled ? html`<meter max=${filled.of} value=${filled.has} aria-label=${filled.label}></meter>` : nothing}
      </button>
    </li>`;
  }

  /** Returns how much of the bank is in use, or how many pairs are kept, at the operation that decides it. */
  #filled(name: string): { has: number; of: number; label: string } | undefined {
    const { graph } = this;
    const about = this.trainer?.about;
    if (graph === undefined || about === undefined) return undefined;
    if (name === "enqueue") return { has: graph.banked, of: about.config.cbns?.capacity ?? 0, label: "The bank’s entries in use" };
    if (name === "compact_pairs") return { has: graph.pairs, of: about.data.train, label: "Pairs of this epoch" };
    return undefined;
  }

  get #explained(): number {
    return this.pointed ?? this.chosen;
  }

  /** Returns an operation's measured time. Operations of the same name are in the same order in the profile. */
  #timeOf({ operations }: StepGraph, number: number): number | undefined {
    const named = operations[number]?.operation;
    const before = operations.slice(0, number).filter(({ operation }) => operation === named).length;
    return this.profile?.operations.filter(({ operation }) => operation === named)[before]?.milliseconds;
  }

  /** Renders the details of an operation. */
  #details(graph: StepGraph): TemplateResult | typeof nothing {
    const operation = graph.operations[this.#explained];
    if (operation === undefined) return nothing;
    const time = this.#timeOf(graph, this.#explained);
    const work = [
      operation.multiplyAdds > 0 ? `${scaled(operation.multiplyAdds)} multiply-adds` : "",
      operation.bytes > 0 ? scaled(operation.bytes, "B") : "",
      time === undefined ? "" : `${milliseconds(time)} a step, measured`,
    ].filter(Boolean);
    return html`<div class="card details small figure">
      <div id="summary">
        <h3>${operation.operation}</h3>
        <p>${capital(`once a ${operation.once}`)}${work.length > 0 ? `: ${work.join(", ")}` : ""}.</p>
        <p class="muted">Takes ${takenBy(graph, this.#explained)}.</p>
        <p class="muted">Gives ${givenBy(graph, operation)}.</p>
      </div>
      ${operation.shaders.map(([name, wgsl]) => shaderOf(name, wgsl))}
    </div>`;
  }

  /** Renders the graph as a table, for readers who cannot see the drawing. */
  #list(graph: StepGraph): TemplateResult {
    const titles = ["Operation", "Once a", "Multiply-adds", "Bytes", "Time", "Takes", "Gives"];
    return html`<details class="small">
      <summary>The graph as a table</summary>
      <div class="scroll" role="region" aria-label="The graph as a table" tabindex="0">
        <table class="figure list">
          <thead>
            <tr>
              ${titles.map((title) => html`<th scope="col">${title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${graph.operations.map((operation, number) => {
              const time = this.#timeOf(graph, number);
              return html`<tr>
                <th scope="row">${operation.operation}</th>
                <td>${operation.once}</td>
                <td>${operation.multiplyAdds > 0 ? scaled(operation.multiplyAdds) : "–"}</td>
                <td>${operation.bytes > 0 ? scaled(operation.bytes, "B") : "–"}</td>
                <td>${time === undefined ? "–" : milliseconds(time)}</td>
                <td>${takenBy(graph, number)}</td>
                <td>${givenBy(graph, operation)}</td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>
    </details>`;
  }

  #measure(): Promise<void> {
    return this.#do(async (trainer) => {
      const profile = await trainer.profile();
      if (trainer === this.trainer) this.profile = profile;
    });
  }

  async #do(ask: (trainer: Trainer) => Promise<unknown>): Promise<void> {
    const { trainer } = this;
    if (trainer === undefined) return;
    this.problem = undefined;
    try {
      await ask(trainer);
    } catch (thrown) {
      if (trainer === this.trainer) this.problem = TwoTowerError.from(thrown).message;
    }
  }
}

/** Returns the pairs of operations that a buffer connects, each once. */
function pairsOf({ edges }: StepGraph): [number, number][] {
  const pairs = new Map(edges.map(([from, to]): [string, [number, number]] => [`${String(from)} ${String(to)}`, [from, to]]));
  return [...pairs.values()];
}

function oftenOf(bands: readonly Band[], ix: number): string {
  const steps = bands.findIndex(({ once }) => once === "step");
  const band = bands[ix];
  return band ? OFTEN[band.once][ix > steps ? 1 : 0] : "";
}

/** Returns the tower that an operation writes for, if it is only one. */
function sideOf({ buffers }: StepGraph, { writes }: PlannedOperation): string {
  const names = writes.map((buffer) => buffers[buffer]?.[0] ?? "");
  const [user, item] = [names.some((name) => name.includes("user")), names.some((name) => /item|candidate/.test(name))];
  if (user === item) return "";
  return user ? "user" : "item";
}

function takenBy(graph: StepGraph, number: number): string {
  const operation = graph.operations[number];
  const taken = [...(operation?.reads ?? []), ...(operation?.writes ?? [])].flatMap((buffer) => {
    const edge = graph.edges.find(([, to, name]) => to === number && name === buffer);
    if (edge === undefined && !operation?.reads.includes(buffer)) return [];
    const from = edge && graph.operations[edge[0]];
    return [`${bufferOf(graph, buffer)}${from ? ` from ${from.operation.split(" → ")[0] ?? ""}` : ""}`];
  });
  return taken.join(", ") || "nothing";
}

function givenBy(graph: StepGraph, { writes }: PlannedOperation): string {
  return writes.map((buffer) => bufferOf(graph, buffer)).join(", ") || "nothing";
}

function bufferOf({ buffers }: StepGraph, number: number): string {
  const [name = "", bytes = 0] = buffers[number] ?? [];
  return `${name} (${scaled(bytes, "B")})`;
}

/** Renders a shader: its comment, its source, and the source of its CPU twin. */
function shaderOf(name: string, wgsl: string): TemplateResult {
  const { about = "", shapes = [], twin = "" } = shaders[name] ?? {};
  const shaped = shapes.map(([binding, shape]) => `${binding} ${shape}`).join(" · ");
  const values = valuesOf(wgsl, `${about} ${shaped}`).join(", ");
  return html`<div>
    <p class="formula"><strong>${name}</strong>: ${about}</p>
    <p class="muted">${shaped ? `Shapes: ${shaped}` : ""}<br /> ${values ? `In this run ${values}.` : ""}</p>
    <p>
      <a href="${SOURCES}shaders/${name}.wgsl">${name}.wgsl</a>, on the CPU
      <a href="${SOURCES}src/executor/cpu/${twin}.rs">${twin}.rs</a>
    </p>
    <details>
      <summary>WGSL of this run</summary>
      <pre tabindex="0" role="region" aria-label="WGSL of ${name}">${indented(wgsl)}</pre>
    </details>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-step-graph": StepGraphPicture;
  }
}
