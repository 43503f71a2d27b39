import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";

import type { OptionKind, OptionSpec } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { sentence } from "./format.js";
import type { Value } from "./settings.js";

/** One option as a labelled control, with the bounds of its specification. Sends `change` with the value. */
@define("tt-option-field")
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
      .problem {
        color: var(--accent-strong);
      }
      .field[aria-invalid="true"] {
        border-color: var(--accent);
        outline: 1px solid var(--accent);
      }
    `,
  ];

  @property() label = "";
  @property({ attribute: false }) spec: OptionSpec | undefined;
  @property({ attribute: false }) value: Value | undefined;
  @property({ type: Boolean }) disabled = false;
  /** Reason why the option cannot be set now. */
  @property() reason: string | undefined;
  /** Reason why its value was rejected. */
  @property() problem: string | undefined;
  /** Values that cannot be chosen now, with reasons. */
  @property({ attribute: false }) barred: Readonly<Record<string, string>> = {};

  override render(): TemplateResult | typeof nothing {
    const { spec } = this;
    if (spec === undefined) return nothing;
    return html`<label class="small" title=${spec.doc}>
        <span class="name">${this.label}</span>
        ${this.#control(spec)}
      </label>
      ${this.#notes()}`;
  }

  /** Shows the current value again, in place of a typed value that was rejected. */
  restore(): void {
    const input = this.renderRoot.querySelector("input");
    // If the field has the focus, the visitor may be typing.
    if (this.spec === undefined || input === null || input.matches(":focus")) return;
    input.setCustomValidity("");
    input.value = shownAs(this.spec, this.value ?? this.spec.default);
  }

  get #reasons(): string[] {
    return [...new Set([...Object.values(this.barred), ...(this.reason ? [this.reason] : [])])];
  }

  #notes(): TemplateResult | typeof nothing {
    const reasons = this.#reasons;
    if (reasons.length === 0 && !this.problem) return nothing;
    return html`<p id="notes" class="small">
      ${this.problem ? html`<span class="problem">${sentence(this.problem)}.</span>` : nothing}
      ${reasons.length > 0 ? html`<span class="muted">${reasons.join(" ")}</span>` : nothing}
    </p>`;
  }

  #control(spec: OptionSpec): TemplateResult {
    const value = this.value ?? spec.default;
    const disabled = this.disabled || this.reason !== undefined;
    const invalid = this.problem === undefined ? undefined : "true";
    const shown = shownAs(spec, value);
    const choices = choicesOf(spec);
    if (choices) {
      return html`<select
        class="field"
        ?disabled=${disabled}
        aria-invalid=${ifDefined(invalid)}
        aria-describedby=${ifDefined(this.#reasons.length > 0 || this.problem ? "notes" : undefined)}
        @change=${(event: Event) => this.#send(choices[(event.target as HTMLSelectElement).selectedIndex]?.value ?? null)}
      >
        ${choices.map((choice) => html`<option ?disabled=${String(choice.value) in this.barred} .selected=${live(choice.value === value)}>${choice.label}</option>`)}
      </select>`;
    }
    const list = spec.kinds.find((kind) => kind.kind === "list");
    if (list) {
      return html`<input
        class="field"
        type="text"
        .value=${shown}
        ?disabled=${disabled}
        aria-invalid=${ifDefined(invalid)}
        aria-describedby=${ifDefined(this.#reasons.length > 0 || this.problem ? "notes" : undefined)}
        @input=${this.#retyped}
        @change=${(event: Event) => this.#listed(event, list.of)}
      />`;
    }
    const numbers = numbersOf(spec);
    if (spec.kinds[0]?.kind === "text") {
      return html`<input
        class="field"
        type="text"
        autocomplete="off"
        .value=${shown}
        placeholder=${unset(spec)}
        ?disabled=${disabled}
        aria-invalid=${ifDefined(invalid)}
        aria-describedby=${ifDefined(this.#reasons.length > 0 || this.problem ? "notes" : undefined)}
        @change=${(event: Event) => this.#wrote(event, numbers !== undefined)}
      />`;
    }
    const whole = numbers?.kind === "int";
    const blank = blankOf(spec);
    return html`<input
      class="field"
      type="number"
      inputmode=${whole ? "numeric" : "decimal"}
      .value=${shown}
      placeholder=${blank?.label ?? nothing}
      ?required=${blank === undefined}
      min=${numbers?.min ?? nothing}
      max=${numbers?.max ?? nothing}
      step=${whole ? 1 : "any"}
      ?disabled=${disabled}
      aria-invalid=${ifDefined(invalid)}
      aria-describedby=${ifDefined(this.#reasons.length > 0 || this.problem ? "notes" : undefined)}
      @change=${(event: Event) => this.#typed(event, blank?.value ?? null)}
    />`;
  }

  /** Clears the error of a field when its text changes. */
  readonly #retyped = (event: Event): void => (event.target as HTMLInputElement).setCustomValidity("");

  /** Sends the text, or a number if the option allows numbers. */
  #wrote(event: Event, numeric: boolean): void {
    const text = (event.target as HTMLInputElement).value.trim();
    this.#send(text === "" ? null : numeric && !Number.isNaN(Number(text)) ? Number(text) : text);
  }

  /** Sends the words, or the numbers, between commas. */
  #listed(event: Event, { kind }: OptionKind): void {
    const input = event.target as HTMLInputElement;
    const words = input.value.split(",").map((word) => word.trim()).filter(Boolean);
    if (kind === "text") {
      this.#send(words);
      return;
    }
    const wrong = words.find((word) => Number.isNaN(Number(word)));
    input.setCustomValidity(wrong === undefined ? "" : `“${wrong}” is not a number.`);
    if (input.reportValidity()) this.#send(words.map(Number));
  }

  #typed(event: Event, blank: Value): void {
    const input = event.target as HTMLInputElement;
    if (input.reportValidity()) this.#send(input.value === "" ? blank : input.valueAsNumber);
  }

  #send(value: Value): void {
    this.value = value;
    this.dispatchEvent(new CustomEvent<Value>("change", { detail: value }));
  }
}

/** Returns a value as a field shows it; empty if an empty field means this value. */
function shownAs(spec: OptionSpec, value: Value): string {
  if (Array.isArray(value)) return value.join(", ");
  const isEmpty = value === null || (spec.kinds[0]?.kind !== "text" && value === blankOf(spec)?.value);
  return isEmpty ? "" : String(value);
}

/** Returns the allowed values of the option with their labels, if they are a small set. */
function choicesOf(spec: OptionSpec): { label: string; value: Value }[] | undefined {
  const [kind] = spec.kinds;
  const none = spec.kinds.some(({ kind }) => kind === "null") ? [{ label: unset(spec), value: null }] : [];
  if (kind?.kind === "one-of") return [...none, ...kind.words.map((word) => ({ label: word, value: word }))];
  if (kind?.kind === "bool") return [...none, { label: "yes", value: true }, { label: "no", value: false }];
  return undefined;
}

/** Returns the label of an option without a value: `auto` for most options of data, which are detected, else `off`. */
function unset({ key }: OptionSpec): string {
  return key.startsWith("data.") && !/\.(core|minRating)$/.test(key) ? "auto" : "off";
}

/** Returns the range of numbers that the option allows. */
function numbersOf({ kinds }: OptionSpec): Extract<OptionKind, { min: number }> | undefined {
  return kinds.find((kind) => "min" in kind);
}

/** Returns the meaning of an empty number field: a word that the option allows, or off. */
function blankOf({ kinds }: OptionSpec): { label: string; value: Value } | undefined {
  const word = kinds.find((kind) => kind.kind === "one-of")?.words[0];
  if (word !== undefined) return { label: word, value: word };
  return kinds.some(({ kind }) => kind === "null") ? { label: "off", value: null } : undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-option-field": OptionField;
  }
}
