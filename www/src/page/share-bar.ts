import { css, html, LitElement, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import type { Attributes } from "../element/address.js";
import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { copy } from "./clipboard.js";
import { elementCode, frameCode, linkTo } from "./link.js";

/** Code for other pages: label of the button, and text. */
const CODES = [
  { label: "Copy element", text: elementCode },
  { label: "Copy iframe", text: frameCode },
] as const;

/** Copies the page's state: as a link, or as code for another page. */
@define("tt-share-bar")
export class ShareBar extends LitElement {
  static override styles = [
    base,
    css`
      .copies {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin-top: 8px;
      }
      pre {
        margin: 8px 0 0;
        padding: 10px 12px;
        border-radius: 6px;
        background: var(--sunken);
        font-size: 0.75rem;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  /** The state, as attributes of the element. */
  @property({ attribute: false }) shared: Attributes = {};
  @state() private outcome = "";

  override render(): TemplateResult {
    return html`<button class="button small" @click=${() => this.#copy(linkTo(this.shared))}>Copy link</button>
      <details class="small">
        <summary>Copy embed code</summary>
        <p class="muted">Trains with these settings in your own page.</p>
        ${CODES.map(
          ({ label, text }) => html`<pre>${text(this.shared)}</pre>
            <div class="copies">
              <button class="button small" @click=${() => this.#copy(text(this.shared))}>${label}</button>
            </div>`,
        )}
      </details>
      <p class="small muted" role="status">${this.outcome}</p>`;
  }

  async #copy(text: string): Promise<void> {
    this.outcome = await copy(text);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-share-bar": ShareBar;
  }
}
