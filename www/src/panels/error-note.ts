import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "./base.js";
import { define } from "./define.js";
import { marked } from "./marked.js";

/** An error message, in a region that screen readers announce. */
@define("tt-error-note")
export class ErrorNote extends LitElement {
  static override styles = [
    base,
    css`
      .note {
        margin-bottom: 16px;
        padding: 12px 16px;
        border: 1px solid var(--accent);
        border-radius: var(--radius);
        background: var(--warn);
      }
      p {
        white-space: pre-line;
        overflow-wrap: anywhere;
      }
      code {
        font-size: 0.95em;
      }
    `,
  ];

  @property() message: string | undefined;

  override render(): TemplateResult {
    return html`<div role="status" aria-live="polite">
      ${this.message ? html`<div class="note"><p>${marked(this.message)}</p></div>` : nothing}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-error-note": ErrorNote;
  }
}
