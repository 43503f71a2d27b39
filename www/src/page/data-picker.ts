import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { live } from "lit/directives/live.js";

import type { DataSummary } from "../index.js";
import { base, clamped } from "../panels/base.js";
import { define } from "../panels/define.js";
import { choiceCards } from "../panels/choice-cards.js";
import { type DataSet, SHIPPED } from "../panels/data-set.js";
import { count, plural } from "../panels/format.js";

/** A choice of data to train on, with its sizes. Sends `pick` with a data set, or `files` with files. */
@define("tt-data-picker")
export class DataPicker extends LitElement {
  static override styles = [
    base,
    choiceCards,
    css`
      .choice {
        background: var(--raised);
      }
      .choice:hover {
        border-color: var(--edge);
      }
      .choice strong {
        ${clamped(3)}
        font-weight: 550;
      }
      :checked + .choice {
        border-color: var(--ink);
        box-shadow: inset 0 0 0 1px var(--ink);
      }
      .own {
        width: 100%;
        padding: 10px 12px;
        border: 1px dashed var(--edge);
        border-radius: 8px;
        background: none;
        text-align: start;
      }
      .own:hover {
        background: var(--sunken);
      }
      .sets {
        display: grid;
        gap: 8px;
      }
      @media (max-width: 860px) {
        .sets {
          grid-template-columns: 1fr 1fr;
        }
        .choice {
          height: 100%;
        }
      }
      .own strong {
        display: block;
        font-weight: 550;
      }
      /* Reserves the height until the data is read. */
      .summary {
        min-height: 2.9em;
        margin-top: 12px;
      }
      details {
        margin-top: 4px;
      }
      code {
        display: block;
        font-size: 0.75rem;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) picked: DataSet | undefined;
  /** The visitor's own data that was opened last. */
  @property({ attribute: false }) own: DataSet | undefined;
  @property({ attribute: false }) data: DataSummary | undefined;
  @query("input[type=file]") private readonly files!: HTMLInputElement;

  override render(): TemplateResult {
    const there: DataSet[] = [...SHIPPED];
    for (const set of [this.own, this.picked]) if (set && !there.includes(set)) there.push(set);
    return html`<fieldset>
        <legend class="unseen">Data set</legend>
        <div class="sets">${there.map((set) => this.#set(set))}</div>
        <button
          class="own small"
          type="button"
          @click=${() => this.files.click()}
        >
          <strong>Your own file…</strong>
          <span class="muted">CSV, TSV, JSON or MovieLens, also compressed, or a saved run. You can also drop it here. It stays in this page.</span>
        </button>
        <input type="file" multiple hidden aria-label="Your own file" @change=${this.#opened} />
      </fieldset>
      <details
        class="small"
        @toggle=${({ target }: Event) => {
          // Loaded on demand.
          if ((target as HTMLDetailsElement).open) void import("./format-help.js");
        }}
      >
        <summary>Which files can be read?</summary>
        <tt-format-help></tt-format-help>
      </details>
      ${this.data ? this.#summary(this.data) : html`<p class="summary small"></p>`}`;
  }

  #set(set: DataSet): TemplateResult {
    return html`<label>
      <input
        class="unseen"
        type="radio"
        name="set"
        .checked=${live(set.id === this.picked?.id)}
        @change=${() => this.dispatchEvent(new CustomEvent<DataSet>("pick", { detail: set }))}
      />
      <span class="choice small"><strong><bdi>${set.title}</bdi></strong><span class="muted">${set.summary}</span></span>
    </label>`;
  }

  #summary(data: DataSummary): TemplateResult {
    const { user, item } = this.picked?.words ?? { user: "user", item: "item" };
    return html`<p class="summary small muted figure">
        ${plural(data.users, user)}, ${plural(data.items, item)}; ${count(data.train)} pairs to train on,
        ${data.validation > 0 ? html`${count(data.validation)} to validate, ` : nothing}${count(data.test)} to test${data.duplicates > 0 ? html`; ${plural(data.duplicates, "duplicate")} skipped` : nothing}
      </p>
      ${data.badLines > 0
        ? html`<details class="small">
            <summary>${plural(data.badLines, "bad line")} skipped</summary>
            ${data.firstBadLines.map((line) => html`<code>${line}</code>`)}
          </details>`
        : nothing}`;
  }

  #opened(): void {
    const files = [...(this.files.files ?? [])];
    this.files.value = "";
    if (files.length > 0) this.dispatchEvent(new CustomEvent<File[]>("files", { detail: files }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-data-picker": DataPicker;
  }
}
