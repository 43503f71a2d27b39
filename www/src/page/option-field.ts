import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import type { Value } from "./settings.js";

/** One option as a labelled control, with the bounds of its specification. Sends `change` with the value. */
@customElement("option-field")
export class OptionField extends LitElement {
  static override styles = [
    base,
    css`
      label {
        display: grid;
        gap: 4px;
      }
      .name {
        font-weight: 550;
      }
    `,
  ];

  @property() label = "";
  @property({ attribute: false }) spec: OptionSpec | undefined;
  @property({ attribute: false }) value: Value | undefined;
  @property({ type: Boolean }) disabled = false;

  override render(): TemplateResult | typeof nothing {
    const { spec } = this;
    if (spec === undefined) return nothing;
    return html`<label class="small" title=${spec.doc}>
      <span class="name">${this.label}</span>
      ${this.#control(spec)}
    </label>`;
  }

  #control(spec: OptionSpec): TemplateResult {
    const value = this.value ?? (spec.default as Value);
    const words = spec.kinds.find((kind) => kind.kind === "one-of")?.words;
    if (words) {
      return html`<select class="field" ?disabled=${this.disabled} @change=${this.#chose}>
        ${words.map((word) => html`<option ?selected=${word === value}>${word}</option>`)}
      </select>`;
    }
    const bounds = spec.kinds.find((kind) => "min" in kind);
    const optional = spec.kinds.some((kind) => kind.kind === "null");
    return html`<input
      class="field"
      type="number"
      inputmode=${bounds?.kind === "int" ? "numeric" : "decimal"}
      .value=${value === null ? "" : String(value)}
      placeholder=${optional ? "off" : nothing}
      ?required=${!optional}
      min=${bounds?.min ?? nothing}
      max=${bounds?.max ?? nothing}
      step=${bounds?.kind === "int" ? 1 : "any"}
      ?disabled=${this.disabled}
      @change=${this.#typed}
    />`;
  }

  #chose(event: Event): void {
    this.#send((event.target as HTMLSelectElement).value);
  }

  #typed(event: Event): void {
    const input = event.target as HTMLInputElement;
    if (input.reportValidity()) this.#send(input.value === "" ? null : input.valueAsNumber);
  }

  #send(value: Value): void {
    this.value = value;
    this.dispatchEvent(new CustomEvent<Value>("change", { detail: value }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "option-field": OptionField;
  }
}
