import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "../panels/base.js";
import { define } from "../panels/define.js";

/** Keeps the model, here or in a file, or adds new data to it. Sends `keep`, `save`, and `add` with files. */
@define("tt-keep-bar")
export class KeepBar extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }
      p {
        flex: 1 1 16rem;
      }
    `,
  ];

  @property({ type: Boolean }) disabled = false;
  /** Whether new data cannot be added now. */
  @property({ type: Boolean }) closed = false;
  /** Outcome of the last action. */
  @property() outcome = "";

  override render(): TemplateResult {
    return html`<button class="button small" ?disabled=${this.disabled} @click=${() => this.#send("keep")}>Keep this model</button>
      <button class="button small" ?disabled=${this.disabled} @click=${() => this.#send("save")}>Save as a file</button>
      <button class="button small" ?disabled=${this.disabled || this.closed} @click=${this.#add}>Add new data…</button>
      <p class="small muted" role="status">${this.outcome}</p>`;
  }

  /** Asks for files. */
  #add(): void {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.addEventListener("change", () => {
      this.dispatchEvent(new CustomEvent<File[]>("add", { detail: [...(input.files ?? [])] }));
    });
    input.click();
  }

  #send(event: "keep" | "save"): void {
    this.dispatchEvent(new Event(event));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-keep-bar": KeepBar;
  }
}
