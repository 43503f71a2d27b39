import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import { type Barred, FREE, type Refused } from "./barred.js";
import { define } from "./define.js";
import { sentence } from "./format.js";
import "./option-fields.js";
import type { Values } from "./settings.js";
import { isOn, switchedOff, switchedOn, type Technique } from "./techniques.js";

/** A switch for a technique, with its options while it is on. Sends `values`; the event crosses shadow roots. */
@define("tt-technique-switch")
export class TechniqueSwitch extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        padding: 12px 0;
        border-top: 1px solid var(--line);
      }
      label {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 24px;
        font-weight: 550;
        cursor: pointer;
      }
      .track {
        flex: none;
        width: 34px;
        height: 20px;
        padding: 2px;
        border: 1px solid var(--edge);
        border-radius: 10px;
        background: var(--raised);
        transition: background-color 0.12s;
      }
      .track::before {
        content: "";
        display: block;
        width: 14px;
        height: 14px;
        border-radius: 7px;
        background: var(--edge);
        transition: translate 0.12s;
      }
      :checked + .track {
        border-color: var(--accent);
        background: var(--accent);
      }
      :checked + .track::before {
        translate: 14px 0;
        background: var(--on-accent);
      }
      :disabled + .track {
        opacity: 0.45;
      }
      :focus-visible + .track {
        outline: 2px solid var(--recall);
        outline-offset: 2px;
      }
      p {
        margin-top: 2px;
        text-wrap: pretty;
      }
      tt-option-fields {
        margin-top: 10px;
      }
      @media (forced-colors: active) {
        .track::before {
          background: CanvasText;
        }
      }
    `,
  ];

  @property({ attribute: false }) technique!: Technique;
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  @property({ attribute: false }) values: Values = {};
  @property({ type: Boolean }) disabled = false;
  /** Options and values that cannot be set now. */
  @property({ attribute: false }) barred: Barred = FREE;
  /** The option that was rejected, and why. */
  @property({ attribute: false }) refused: Refused | undefined;

  override render(): TemplateResult {
    const { technique, values } = this;
    const on = isOn(technique, values);
    // It can always be switched off.
    const reason = on ? undefined : this.barred.whole[technique.group];
    const problem = this.refused?.key === technique.group ? this.refused.problem : undefined;
    return html`<label class="small">
        ${technique.name}
        <input
          class="unseen"
          type="checkbox"
          role="switch"
          aria-checked=${on ? "true" : "false"}
          aria-describedby="does why"
          .checked=${on}
          ?disabled=${this.disabled || this.specs.length === 0 || reason !== undefined}
          @change=${() => this.#turn(!on)}
        />
        <span class="track"></span>
      </label>
      <p class="small muted" id="does">${technique.does} ${told(technique, values, this.specs)}</p>
      <p class="small" id="why" ?hidden=${!problem && !reason}>${problem ? `${sentence(problem)}.` : reason}</p>
      ${on
        ? html`<tt-option-fields
            .options=${technique.options}
            .specs=${this.specs}
            .values=${values}
            .refused=${this.refused}
            ?disabled=${this.disabled}
          ></tt-option-fields>`
        : nothing}`;
  }

  #turn(on: boolean): void {
    const { technique, values, specs } = this;
    const detail = on ? switchedOn(technique, values, specs) : switchedOff(technique, values, specs);
    this.dispatchEvent(new CustomEvent<Values>("values", { detail, bubbles: true, composed: true }));
  }
}

/** Returns the costs and needs of the technique: with its values, or with its starting values. */
function told(technique: Technique, values: Values, specs: readonly OptionSpec[]): string {
  const used = isOn(technique, values) ? values : switchedOn(technique, values, specs);
  return [technique.costs?.(used, specs), technique.needs?.(used, specs)].filter((text) => text !== undefined).join(" ");
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-technique-switch": TechniqueSwitch;
  }
}
