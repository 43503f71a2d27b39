import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { Item } from "../index.js";
import { base } from "./base.js";

/** Items by title, with a bar for those that have a score. Sends `pick` with the item that is chosen. */
@customElement("item-list")
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
      .title {
        overflow-wrap: anywhere;
      }
      .score {
        flex: none;
        width: 3.25rem;
        text-align: end;
        color: var(--muted);
      }
      .bar {
        position: absolute;
        right: 10px;
        bottom: 3px;
        width: 3.25rem;
        height: 3px;
        border-radius: 2px;
        background: var(--recall);
        transform-origin: right;
      }
    `,
  ];

  @property({ attribute: false }) items: readonly (Item & { score?: number })[] = [];
  /** Id of the item that is chosen. */
  @property() chosen: string | undefined;

  override render(): TemplateResult {
    return html`<ul class="small">
      ${this.items.map((item) => this.#item(item))}
    </ul>`;
  }

  #item({ item, title, score }: Item & { score?: number }): TemplateResult {
    return html`<li>
      <button
        type="button"
        title="Show what is similar"
        aria-pressed=${item === this.chosen ? "true" : "false"}
        @click=${() => this.dispatchEvent(new CustomEvent<Item>("pick", { detail: { item, title } }))}
      >
        <span class="title">${title ?? item}</span>
        ${score === undefined ? nothing : this.#score(score)}
      </button>
    </li>`;
  }

  #score(score: number): TemplateResult {
    const best = Math.max(...this.items.map(({ score }) => score ?? 0));
    const width = best > 0 ? Math.max(0, score / best) : 0;
    return html`<span class="score figure">
      ${score.toFixed(2)}
      <span class="bar" style="transform: scaleX(${width.toFixed(3)})"></span>
    </span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "item-list": ItemList;
  }
}
