import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import { base } from "./base.js";
import { define } from "./define.js";
import { choiceCards } from "./choice-cards.js";
import { lineKey } from "./line-key.js";
import { MOST, STRATEGIES, type Strategy } from "./strategies.js";

/** A choice of strategies to compare. Sends `pick` with the ids of the chosen strategies. */
@define("tt-strategy-picker")
export class StrategyPicker extends LitElement {
  static override styles = [
    base,
    choiceCards,
    css`
      .choice {
        border: 1px dashed var(--edge);
      }
      .choice:hover {
        background: var(--sunken);
      }
      :checked + .choice {
        border: 1px solid var(--line);
        background: var(--raised);
      }
      :disabled + .choice {
        cursor: default;
        background: none;
      }
      :disabled:not(:checked) + .choice {
        border-color: var(--line);
      }
      .name {
        display: flex;
        align-items: center;
        gap: 8px;
        font-weight: 550;
      }
      .name svg {
        margin-inline-start: auto;
      }
      .name::before {
        content: "";
        flex: none;
        width: 16px;
        height: 16px;
        border: 1px solid var(--edge);
        border-radius: 4px;
        background: var(--raised);
      }
      :checked + .choice .name::before {
        content: "✓";
        border-color: transparent;
        background: var(--accent);
        color: var(--on-accent);
        font-size: 12px;
        font-weight: 700;
        line-height: 14px;
        text-align: center;
      }
      :disabled + .choice .name::before {
        opacity: 0.45;
      }
      :not(:checked) + .choice svg {
        visibility: hidden;
      }
    `,
  ];

  @property({ attribute: false }) picked: readonly string[] = [];
  @property({ type: Boolean }) disabled = false;

  override render(): TemplateResult {
    return html`<fieldset>
      <legend class="unseen">Strategies, at most ${MOST}</legend>
      ${STRATEGIES.map((strategy) => this.#strategy(strategy))}
    </fieldset>`;
  }

  #strategy({ id, name, does, stroke }: Strategy): TemplateResult {
    const on = this.picked.includes(id);
    return html`<label>
      <input
        class="unseen"
        type="checkbox"
        aria-label=${name}
        aria-describedby=${id}
        .checked=${on}
        ?disabled=${this.disabled || (!on && this.picked.length === MOST)}
        @change=${() => this.#pick(on ? this.picked.filter((other) => other !== id) : [...this.picked, id])}
      />
      <span class="choice small">
        <span class="name">${name} ${lineKey(stroke)}</span>
        <span class="muted" id=${id}>${does}</span>
      </span>
    </label>`;
  }

  #pick(detail: readonly string[]): void {
    this.dispatchEvent(new CustomEvent<readonly string[]>("pick", { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-strategy-picker": StrategyPicker;
  }
}
