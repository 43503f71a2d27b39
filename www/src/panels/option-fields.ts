import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import { type Barred, FREE, type Refused } from "./barred.js";
import { define } from "./define.js";
import "./option-field.js";
import type { Value, Values } from "./settings.js";
import type { Named } from "./techniques.js";

/** Options in two columns. Sends `values` with the new values; the event crosses shadow roots. */
@define("tt-option-fields")
export class OptionFields extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 12px;
      }
    `,
  ];

  @property({ attribute: false }) options: readonly Named[] = [];
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  @property({ attribute: false }) values: Values = {};
  @property({ type: Boolean }) disabled = false;
  /** Options and values that cannot be set now. */
  @property({ attribute: false }) barred: Barred = FREE;
  /** The option that was rejected, and why. */
  @property({ attribute: false }) refused: Refused | undefined;

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("values")) for (const field of this.renderRoot.querySelectorAll("tt-option-field")) field.restore();
  }

  override render(): TemplateResult[] {
    return this.options.map(
      ([key, label]) => html`<tt-option-field
        label=${label}
        .spec=${this.specs.find((spec) => spec.key === key)}
        .value=${this.values[key]}
        ?disabled=${this.disabled}
        .reason=${this.barred.whole[key]}
        .barred=${this.barred.choices[key] ?? {}}
        .problem=${this.refused?.key === key ? this.refused.problem : undefined}
        @change=${({ detail }: CustomEvent<Value>) => this.#send({ ...this.values, [key]: detail })}
      ></tt-option-field>`,
    );
  }

  #send(detail: Values): void {
    this.dispatchEvent(new CustomEvent<Values>("values", { detail, bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-option-fields": OptionFields;
  }
}
