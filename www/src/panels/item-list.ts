import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { Item, Reason } from "../index.js";
import { base, clamped } from "./base.js";
import { define } from "./define.js";

/** An item of a list, with a bar if it has a score, and with its reasons. */
export type Listed = Item & { score?: number; because?: readonly Reason[] };

/** Maximum number of reasons in a line. */
const REASONS = 2;

/** A list of items by title. Sends `pick` with the chosen item. */
@define("tt-item-list")
export class ItemList extends LitElement {
  static override styles = [
    base,
    css`
      button {
        position: relative;
        display: flex;
        justify-content: space-between;
        gap: 12px;
        width: 100%;
        padding: 7px 10px;
        border: 0;
        border-radius: 6px;
        background: none;
        text-align: start;
      }
      button:hover {
        background: var(--sunken);
      }
      [aria-pressed="true"] {
        background: var(--sunken);
        box-shadow: inset 2px 0 0 var(--accent);
      }
      .text {
        min-width: 0;
      }
      .title,
      .because {
        ${clamped(3)}
      }
      .because {
        color: var(--muted);
        font-size: calc(0.75 * var(--rem));
      }
      /* The chosen item is shown in full. */
      [aria-pressed="true"] :is(.title, .because) {
        -webkit-line-clamp: 12;
      }
      .score {
        flex: none;
        width: calc(3.25 * var(--rem));
        text-align: end;
        color: var(--muted);
      }
      .bar {
        position: absolute;
        right: 10px;
        bottom: 3px;
        width: calc(3.25 * var(--rem));
        height: 3px;
        fill: var(--recall);
        transform: scaleX(-1);
      }
      @media (forced-colors: active) {
        .bar {
          fill: CanvasText;
        }
        [aria-pressed="true"] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
    `,
  ];

  @property({ attribute: false }) items: readonly Listed[] = [];
  /** Words between an item and its reasons. If empty, reasons are not shown. */
  @property() because = "";
  /** Id of the chosen item. */
  @property() chosen: string | undefined;

  override render(): TemplateResult {
    return html`<ul class="small">
      ${this.items.map((item) => this.#item(item))}
    </ul>`;
  }

  #item({ item, title, score, because = [] }: Listed): TemplateResult {
    return html`<li>
      <button
        type="button"
        title="Show similar items"
        aria-pressed=${item === this.chosen ? "true" : "false"}
        @click=${() => this.dispatchEvent(new CustomEvent<Item>("pick", { detail: { item, title } }))}
      >
        <span class="text">
          <span class="title"><bdi>${title ?? item}</bdi></span>
          ${this.because && because.length > 0 ? html`<span class="because">${this.because} ${reasons(because, item === this.chosen)}</span>` : nothing}
        </span>
        ${score === undefined ? nothing : this.#score(score)}
      </button>
    </li>`;
  }

  #score(score: number): TemplateResult {
    const best = Math.max(...this.items.map(({ score }) => score ?? 0));
    const percent = best > 0 ? Math.max(0, (100 * score) / best).toFixed(1) : 0;
    return html`<span class="score figure">
      ${score.toFixed(2)}
      <svg class="bar" aria-hidden="true"><rect width="${percent}%" height="100%" rx="2" /></svg>
    </span>`;
  }
}

/** Maximum number of characters of a title in a line of reasons. */
const SHORT = 50;

/** Renders the reasons for an item, without reasons that are weak compared to the first one. */
function reasons(because: readonly Reason[], inFull: boolean): TemplateResult[] {
  const most = because[0]?.share ?? 0;
  const strong = because.slice(0, REASONS).filter(({ share }) => 2 * share >= most);
  return strong.map(({ item, title }, ix) => html`${ix > 0 ? " and " : nothing}<bdi>${inFull ? (title ?? item) : shortened(title ?? item)}</bdi>`);
}

function shortened(title: string): string {
  const characters = Array.from(title.slice(0, 2 * SHORT));
  return characters.length <= SHORT ? title : `${characters.slice(0, SHORT - 1).join("")}…`;
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-item-list": ItemList;
  }
}
