import { css, type CSSResult, html, LitElement, nothing, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { property, state } from "lit/decorators.js";

import { type Trainer, TwoTowerError } from "../index.js";
import { base } from "./base.js";
import { draw, type Drawn, MOST_USERS, type Pair, score } from "./batch/draw.js";
import { type Cell, lossOf } from "./batch/softmax.js";
import "./choice-bar.js";
import { define } from "./define.js";
import { capital, count } from "./format.js";

/** Number of shades of a cell. */
const SHADES = 8;

/** Returns classes of cells, from a light to a strong shade of a colour. */
function shades(name: string, colour: string): CSSResult {
  const rules = Array.from({ length: SHADES - 1 }, (_, ix) => {
    return `.${name}${String(ix + 1)} { background: color-mix(in srgb, var(${colour}) ${String(6 * ix + 8)}%, transparent); }`;
  });
  return unsafeCSS(rules.join(""));
}

/** Views of the cells, each with its meaning. */
const VIEWS = [
  ["share", "Shares"],
  ["slope", "Push and pull"],
  ["logit", "Scores"],
] as const;

type Shown = (typeof VIEWS)[number][0];

const CAPTIONS: Readonly<Record<Shown, string>> = {
  share: "The softmax turns each row of scores into shares of 100 %. The diagonal should have them all.",
  slope: "How strongly the two vectors are pulled together (−, on the diagonal) or pushed apart (+): the share that a positive lacks, or the share that a negative has.",
  logit: "The inner product of the two vectors, divided by the temperature; with logQ, minus the log of the item's share of the training pairs.",
};

/** A small batch of the run: its users against its items, with the numbers of the loss. */
@define("tt-batch-picture")
export class BatchPicture extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 12px;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 8px 16px;
      }
      .body {
        display: flex;
        flex-wrap: wrap;
        align-items: start;
        gap: 12px 24px;
      }
      .body > :last-child {
        display: grid;
        flex: 1 1 300px;
        gap: 8px;
      }
      .scroll {
        max-width: 100%;
        overflow-x: auto;
        padding: 8px;
      }
      table {
        border-spacing: 2px;
      }
      th {
        padding: 2px 6px;
        font-weight: normal;
        text-align: start;
      }
      thead th {
        height: 132px;
        padding: 0;
        vertical-align: bottom;
      }
      thead bdi {
        display: block;
        max-height: 128px;
        margin-inline: auto;
        overflow: hidden;
        writing-mode: vertical-rl;
        transform: rotate(180deg);
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .bank {
        color: var(--muted);
      }
      td.bank {
        border-style: dotted;
      }
      th button {
        min-height: 26px;
        padding: 0 6px;
        border: 1px solid transparent;
        border-radius: 5px;
        background: none;
      }
      th button:hover,
      th [aria-pressed="true"] {
        border-color: var(--edge);
        background: var(--sunken);
      }
      td {
        min-width: 46px;
        height: 28px;
        padding: 0 4px;
        border: 1px solid transparent;
        border-radius: 4px;
        text-align: end;
        color: var(--ink);
      }
      td.positive {
        border: 2px solid var(--ink);
        font-weight: 600;
      }
      td.hit {
        border: 1px dashed var(--edge);
        color: var(--muted);
      }
      tr.chosen td:not(.positive) {
        border-color: var(--edge);
      }
    `,
    shades("near", "--recall"),
    shades("far", "--accent"),
  ];

  @property({ attribute: false }) trainer: Trainer | undefined;
  /** Counts the runs. */
  @property({ type: Number }) run = 0;
  /** Changes when the model changes. */
  @property({ type: Number }) version = 0;
  @property({ attribute: false }) words = { user: "user", item: "item" };
  @state() private view: Shown = "share";
  @state() private drawn: Drawn | undefined;
  @state() private cells: readonly (readonly Cell[])[] = [];
  /** Index of the row that the text explains. */
  @state() private chosen = 0;
  @state() private problem: string | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("run") || changed.has("trainer")) void this.#do(() => this.#draw());
    else if (changed.has("version")) void this.#do(() => this.#score());
  }

  override render(): TemplateResult {
    const { drawn, problem } = this;
    if (problem) return html`<p class="small" role="status">${problem}</p>`;
    if (drawn === undefined || this.cells.length === 0) return html`<p class="small muted">Reading a batch…</p>`;
    return html`<div class="bar">
        <tt-choice-bar
          label="The cells show"
          quiet
          .choices=${VIEWS}
          chosen=${this.view}
          @change=${({ detail }: CustomEvent<Shown>) => (this.view = detail)}
        ></tt-choice-bar>
        <button class="button small" @click=${() => this.#do(() => this.#draw())}>Another batch</button>
      </div>
      <p class="small muted">${CAPTIONS[this.view]} ${this.#differences()}</p>
      <div class="body">
        <div class="card scroll small figure" role="region" aria-label="A batch of ${drawn.pairs.length} pairs" tabindex="0">
          ${this.#table(drawn)}
        </div>
        ${this.#explained(drawn)}
      </div>`;
  }

  /** Returns notes on how the loss of this run differs from the picture. */
  #differences(): string {
    const config = this.trainer?.about.config;
    const { item } = this.words;
    if (config === undefined) return "";
    const { kind } = config.negatives;
    const own = [
      kind === "uniform" || kind === "popularity" ? `This run draws ${count(config.negatives.count)} negatives for each pair; this picture shows the batch's ${item}s instead.` : "",
      kind === "mixed" ? `This run adds ${count(config.negatives.count)} drawn ${item}s to each batch.` : "",
      config.cbns ? `The dotted columns are ${item}s of earlier pairs, as CBNS adds ${count(config.cbns.capacity)} from its bank.` : "",
      config.onebp ? `With OneBP only the ${item}s are pushed and pulled.` : "",
    ];
    return own.filter(Boolean).join(" ");
  }

  #table({ pairs, banked }: Drawn): TemplateResult {
    const { user, item } = this.words;
    return html`<table>
      <thead>
        <tr>
          <th scope="col">${capital(user)}</th>
          ${[...pairs.map((pair) => pair.item), ...banked].map(
            ({ item: id, title }, column) => html`<th scope="col" class=${column < pairs.length ? "" : "bank"} title=${title ?? id}><bdi>${title ?? id}</bdi></th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${this.cells.map(
          (cells, row) => html`<tr class=${row === this.chosen ? "chosen" : ""}>
            <th scope="row">
              <button aria-pressed=${row === this.chosen ? "true" : "false"} title="Explain this ${user}’s row of ${item}s" @click=${() => (this.chosen = row)}>
                ${pairs[row]?.user}
              </button>
            </th>
            ${cells.map((cell, column) => this.#cell(cell, row, column, pairs))}
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  #cell(cell: Cell, row: number, column: number, pairs: readonly Pair[]): TemplateResult {
    const names = [this.#shade(cell), row === column ? "positive" : "", cell.hit ? "hit" : "", column < pairs.length ? "" : "bank"];
    return html`<td class=${names.filter(Boolean).join(" ")}>${cell.hit ? html`<span title="The same ${this.words.item} as in this row’s pair: not a negative">same</span>` : formatted(cell, this.view)}</td>`;
  }

  #shade(cell: Cell): string {
    if (cell.hit) return "";
    const logits = this.cells.flat().map(({ logit }) => logit);
    const [low, high] = [Math.min(...logits), Math.max(...logits)];
    const value = { share: cell.share, slope: -cell.slope, logit: (cell.logit - low) / (high - low || 1) }[this.view];
    const step = Math.min(SHADES - 1, Math.round(Math.abs(value) * (SHADES - 1)));
    return step === 0 ? "" : `${value > 0 ? "near" : "far"}${String(step)}`;
  }

  /** Explains the chosen row in words. */
  #explained({ pairs, banked }: Drawn): TemplateResult | typeof nothing {
    const [row, cells] = [this.chosen, this.cells[this.chosen]];
    const pair = pairs[row];
    const positive = cells?.[row];
    if (cells === undefined || pair === undefined || positive === undefined) return nothing;
    const { user } = this.words;
    const onebp = this.trainer?.about.config.onebp;
    const items = [...pairs.map(({ item }) => item), ...banked];
    const rival = cells.map((cell, column) => ({ ...cell, column })).filter(({ column }) => column !== row).sort((a, b) => b.share - a.share)[0];
    const other = rival && items[rival.column];
    return html`<div class="small figure" role="status">
      <p>
        ${capital(user)} ${pair.user} took <bdi>${pair.item.title ?? pair.item.item}</bdi>. Its share of the row is ${percent(positive.share)}, so the
        loss is ${(-Math.log(positive.share)).toFixed(2)}. The missing ${percent(1 - positive.share)} is the strength with which
        ${onebp ? "the item is pulled towards the user" : "the two are pulled together"}.
        ${other ? html`The strongest rival, <bdi>${other.title ?? other.item}</bdi>, is pushed away with its share, ${percent(rival.share)}.` : nothing}
      </p>
      <p class="muted">
        The mean loss of this batch is ${lossOf(this.cells).toFixed(2)}; equal shares would give ${Math.log(cells.length).toFixed(2)}. A batch of
        the run has ${count(this.trainer?.about.config.batchSize ?? 0)} pairs, so its loss is higher.
      </p>
    </div>`;
  }

  async #draw(): Promise<void> {
    const { trainer } = this;
    this.cells = [];
    this.chosen = 0;
    if (trainer === undefined) return;
    if (trainer.about.data.users > MOST_USERS) {
      this.problem = `This picture reads the vectors of all ${this.words.user}s; it is for data of up to ${count(MOST_USERS)}.`;
      return;
    }
    const drawn = await draw(trainer, Math.random);
    if (trainer !== this.trainer) return;
    this.drawn = drawn;
    await this.#score();
  }

  async #score(): Promise<void> {
    const { trainer, drawn } = this;
    if (trainer === undefined || drawn === undefined) return;
    const cells = await score(drawn, trainer);
    if (trainer === this.trainer && drawn === this.drawn) this.cells = cells;
  }

  async #do(action: () => Promise<void>): Promise<void> {
    const { trainer } = this;
    this.problem = undefined;
    try {
      await action();
    } catch (thrown) {
      if (trainer === this.trainer) this.problem = TwoTowerError.from(thrown).message;
    }
  }
}

function formatted({ share, slope, logit }: Cell, shown: Shown): string {
  if (shown === "share") return percent(share);
  if (shown === "slope") return `${slope < 0 ? "−" : "+"}${Math.abs(slope).toFixed(2)}`;
  return logit.toFixed(1).replace("-", "−");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-batch-picture": BatchPicture;
  }
}
