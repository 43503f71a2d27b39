import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "./base.js";
import { define } from "./define.js";

/** A choice between a few options, side by side. Sends `change` with the id of the chosen one. */
@define("tt-choice-bar")
export class ChoiceBar extends LitElement {
  static override styles = [
    base,
    css`
      legend {
        font-size: calc(0.8125 * var(--rem));
        font-weight: 550;
      }
      .choices {
        display: grid;
        grid-auto-columns: 1fr;
        grid-auto-flow: column;
        /* Reserves the height until the choices are known. */
        min-height: calc(12px + 2 * 1px + 1.45em);
        margin-top: 4px;
        border: 1px solid var(--edge);
        border-radius: 6px;
        background: var(--raised);
      }
      span {
        display: block;
        padding: 6px 10px;
        border-radius: 5px;
        text-align: center;
        white-space: nowrap;
        cursor: pointer;
      }
      :checked + span {
        background: var(--ink);
        color: var(--paper);
      }
      :disabled + span {
        cursor: default;
        opacity: 0.45;
      }
      :focus-visible + span {
        outline: 2px solid var(--recall);
        outline-offset: 2px;
      }
    `,
  ];

  @property() label = "";
  /** Choices: id and label. */
  @property({ attribute: false }) choices: readonly (readonly [id: string, label: string])[] = [];
  @property() chosen: string | undefined;
  @property({ type: Boolean }) disabled = false;
  /** Whether only screen readers get the label. */
  @property({ type: Boolean }) quiet = false;

  override render(): TemplateResult {
    return html`<fieldset ?disabled=${this.disabled}>
      <legend class=${this.quiet ? "unseen" : ""}>${this.label}</legend>
      <div class="choices small">${this.choices.map(([id, label]) => this.#choice(id, label))}</div>
    </fieldset>`;
  }

  #choice(id: string, label: string): TemplateResult {
    return html`<label>
      <input
        class="unseen"
        type="radio"
        name="choice"
        .checked=${id === this.chosen}
        @change=${() => this.dispatchEvent(new CustomEvent<string>("change", { detail: id }))}
      />
      <span>${label}</span>
    </label>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-choice-bar": ChoiceBar;
  }
}
