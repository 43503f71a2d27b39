import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { type Export, type Trainer, TwoTowerError } from "../index.js";
import { base } from "../panels/base.js";
import { choiceCards } from "../panels/choice-cards.js";
import { define } from "../panels/define.js";
import { count } from "../panels/format.js";
import type { Phase } from "../panels/session.js";
import { copy } from "./clipboard.js";
import { fileName, give } from "./downloads.js";
import { reportImage } from "./report-image.js";
import { recommendationsCsv } from "./recommendations-csv.js";
import { commandOf, type Repeated, scriptOf } from "./run-code.js";

/** Maximum number of items in a list: a longer list is not a useful recommendation. */
const MAX_ITEMS = 1000;

/** The files of `trainer.export`, by their use. */
const FILES: readonly { use: string; note: string; files: readonly Export[] }[] = [
  { use: "NumPy, FAISS", note: "One vector per row, as used in scores, and the ids of the rows.", files: ["users.npy", "items.npy", "ids.json"] },
  { use: "Safetensors", note: "The vectors of users and items in one file.", files: ["embeddings.safetensors"] },
  { use: "Embedding Projector", note: "The items. Do not open the files in a spreadsheet: a title may begin like a formula.", files: ["vectors.tsv", "metadata.tsv"] },
  { use: "ONNX", note: "The towers, for other programs.", files: ["user_tower.onnx", "item_tower.onnx"] },
  { use: "JSON", note: "Id, title and vector of each item.", files: ["items.json"] },
];

const CODES = [
  { label: "JavaScript", button: "Copy JavaScript", text: scriptOf },
  { label: "Command line", button: "Copy command line", text: commandOf },
] as const;

/** Exports the model's recommendations, its vectors, and code that repeats its run. */
@define("tt-export-menu")
export class ExportMenu extends LitElement {
  static override styles = [
    base,
    choiceCards,
    css`
      :host {
        display: grid;
        gap: 20px;
        padding: 16px;
      }
      section,
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 10px;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 8px 16px;
      }
      .k {
        display: grid;
        gap: 4px;
        width: 9rem;
      }
      .whom {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 20px;
      }
      .whom input {
        accent-color: var(--accent);
      }
      .whom label {
        display: flex;
        align-items: center;
        gap: 6px;
        min-height: 24px;
      }
      textarea {
        font: inherit;
        color: inherit;
        padding-block: 6px;
        resize: vertical;
      }
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr));
        gap: 14px 24px;
      }
      dt {
        font-weight: 550;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        margin-top: 6px;
      }
      .buttons .button {
        min-height: 32px;
        padding: 0 10px;
        font-weight: 400;
      }
      /* Stays visible near the pressed button. */
      .outcome {
        position: sticky;
        bottom: 0;
        padding-block: 4px;
        background: var(--raised);
      }
      .outcome:empty {
        position: static;
        padding: 0;
      }
      pre {
        max-height: 18rem;
        margin: 0;
        padding: 10px 12px;
        overflow-y: auto;
        border-radius: 6px;
        background: var(--sunken);
        font-size: 0.75rem;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) trainer: Trainer | undefined;
  @property({ attribute: false }) run: Repeated | undefined;
  @property() phase: Phase = "opening";
  /** Whether the model has no trained epoch. */
  @property({ type: Boolean }) untrained = false;
  @state() private chosen = false;
  /** Outcome of the last action. */
  @state() private outcome = "";
  /** The file of recommendations that is being made. */
  @state() private making: AbortController | undefined;
  @query("[name=k]") private readonly k!: HTMLInputElement;
  @query("textarea") private readonly ids!: HTMLTextAreaElement | null;

  /** Aborts an export when the model changes: a file must not contain the lists of two models. */
  override willUpdate(): void {
    if (this.making && this.#why() !== undefined) this.making.abort();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.making?.abort();
  }

  override render(): TemplateResult | typeof nothing {
    const { run } = this;
    if (run === undefined) return nothing;
    const why = this.#why();
    return html`${why ? html`<p class="small">${why}</p>` : nothing} ${this.#recommendations(run, why !== undefined)}
      <section aria-labelledby="vectors">
        <h3 id="vectors">Vectors and towers</h3>
        <dl class="small">
          ${FILES.map(
            ({ use, note, files }) => html`<div>
              <dt>${use}</dt>
              <dd class="muted">${note}</dd>
              <dd class="buttons">
                ${files.map((file) => html`<button class="button" ?disabled=${why !== undefined} @click=${() => this.#exported(file)}>${file}</button>`)}
              </dd>
            </div>`,
          )}
        </dl>
      </section>
      <section aria-labelledby="report">
        <h3 id="report">Report of this run</h3>
        <p class="small muted">Its settings, its data and every epoch; the picture has the curves.</p>
        <div class="buttons">
          <button class="button small" ?disabled=${why !== undefined} @click=${() => this.#reported("report.json")}>report.json</button>
          <button class="button small" ?disabled=${why !== undefined} @click=${() => this.#reported("report.svg")}>report.svg</button>
        </div>
      </section>
      <section aria-labelledby="code">
        <h3 id="code">This run as code</h3>
        ${CODES.map(({ label, button, text }) => {
          const code = text(run);
          return html`<pre tabindex="0" aria-label=${label} role="region">${code}</pre>
            <div><button class="button small" @click=${async () => (this.outcome = await copy(code))}>${button}</button></div>`;
        })}
      </section>
      <p class="outcome small figure" role="status">${this.outcome}</p>`;
  }

  #recommendations({ dataSet, about }: Repeated, disabled: boolean): TemplateResult {
    const { user, item } = dataSet.words;
    const whom = (label: string, chosen: boolean): TemplateResult =>
      html`<label><input type="radio" name="whom" .checked=${this.chosen === chosen} @change=${() => (this.chosen = chosen)} />${label}</label>`;
    return html`<form aria-labelledby="csv" @submit=${this.#submitted}>
      <h3 id="csv">Recommendations</h3>
      <p class="small muted">
        CSV with ${user}, rank, ${item}, title and score, without ${item}s that a ${user} already has. Text that a
        spreadsheet would read as a formula begins with an apostrophe.
      </p>
      <div class="whom small" role="radiogroup" aria-label="For whom">
        ${whom(`All ${count(about.data.users)} ${user}s`, false)} ${whom(`Some ${user}s`, true)}
      </div>
      ${this.chosen ? html`<textarea class="field small" rows="3" required aria-label="Ids, one per line" placeholder="Ids, one per line"></textarea>` : nothing}
      <div class="row small">
        <label class="k">
          <span>Length of a list</span>
          <input class="field" name="k" type="number" min="1" max=${Math.min(MAX_ITEMS, about.data.items)} value=${Math.min(10, about.data.items)} required />
        </label>
        ${this.making
          ? html`<button class="button" type="button" @click=${() => this.making?.abort()}>Cancel</button>`
          : html`<button class="button" ?disabled=${disabled}>Download CSV</button>`}
      </div>
    </form>`;
  }

  /** Returns why exports are not possible now; nothing if they are. */
  #why(): string | undefined {
    if (this.trainer === undefined || this.phase === "opening") return "The data is being read.";
    if (this.phase === "training") return "Pause training, or wait for its end, to export files.";
    return this.untrained ? "Train the model for at least one epoch first." : undefined;
  }

  #submitted(event: Event): void {
    event.preventDefault();
    void this.#perform(async (trainer, { dataSet, about }) => {
      const ids = this.ids?.value.split(/[\r\n]+/).map((id) => id.trim()).filter(Boolean);
      const users = ids ?? (await trainer.users("", about.data.users));
      this.making = new AbortController();
      const { signal } = this.making;
      // Each block becomes a blob, which the browser may keep on disk.
      const blocks: Blob[] = [];
      let lists = 0;
      for await (const block of recommendationsCsv(trainer, users, this.k.valueAsNumber)) {
        if (signal.aborted) return "Stopped: no file was made.";
        blocks.push(new Blob([block.text]));
        lists += block.lists;
        this.outcome = `${count(block.users)} of ${count(users.length)} ${dataSet.words.user}s`;
      }
      if (lists === 0) return `The training data contains no such ${dataSet.words.user}.`;
      give(new Blob(blocks, { type: "text/csv" }), fileName(dataSet, "recommendations.csv"));
      const missing = users.length - lists;
      const without = missing > 0 ? ` Skipped ${count(missing)} without training data.` : "";
      return `Saved the lists of ${count(lists)} ${dataSet.words.user}s.${without}`;
    });
  }

  #exported(file: Export): void {
    void this.#perform(async (trainer, { dataSet }) => {
      const name = fileName(dataSet, file);
      give(new Blob([await trainer.export(file)]), name);
      return `Saved ${name}.`;
    });
  }

  #reported(kind: "report.json" | "report.svg"): void {
    void this.#perform(async (trainer, { dataSet }) => {
      const report = await trainer.report();
      const text = kind === "report.json" ? JSON.stringify(report, undefined, 2) : reportImage(report, dataSet.title);
      const name = fileName(dataSet, kind);
      give(new Blob([text], { type: kind === "report.json" ? "application/json" : "image/svg+xml" }), name);
      return `Saved ${name}.`;
    });
  }

  /** Runs an action of the visitor and shows the outcome. */
  async #perform(make: (trainer: Trainer, run: Repeated) => Promise<string>): Promise<void> {
    const { trainer, run } = this;
    if (trainer === undefined || run === undefined) return;
    this.outcome = "";
    try {
      this.outcome = await make(trainer, run);
    } catch (thrown) {
      this.outcome = TwoTowerError.from(thrown).message;
    } finally {
      this.making = undefined;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-export-menu": ExportMenu;
  }
}
