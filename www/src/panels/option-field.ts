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
  /** Why the option has no meaning for now. */
  @property() reason: string | undefined;
  /** Why its value was refused. */
  @property() problem: string | undefined;
  /** Values that cannot be chosen for now, and why. */
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

  /** Shows the value in force again, in place of one that was typed and refused. */
  restore(): void {
    const input = this.renderRoot.querySelector("input");
    // One in focus may be about to be typed in.
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

  /** A field whose text was refused is open to another one. */
  readonly #retyped = (event: Event): void => (event.target as HTMLInputElement).setCustomValidity("");

  /** Sends a text, or the number that it is where the option may be one. */
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

/** A value as it stands in a field of text; none where it is what an empty field stands for. */
function shownAs(spec: OptionSpec, value: Value): string {
  if (Array.isArray(value)) return value.join(", ");
  const isEmpty = value === null || (spec.kinds[0]?.kind !== "text" && value === blankOf(spec)?.value);
  return isEmpty ? "" : String(value);
}

/** The values that the option may be, with their labels, if there are few. */
function choicesOf(spec: OptionSpec): { label: string; value: Value }[] | undefined {
  const [kind] = spec.kinds;
  const none = spec.kinds.some(({ kind }) => kind === "null") ? [{ label: unset(spec), value: null }] : [];
  if (kind?.kind === "one-of") return [...none, ...kind.words.map((word) => ({ label: word, value: word }))];
  if (kind?.kind === "bool") return [...none, { label: "yes", value: true }, { label: "no", value: false }];
  return undefined;
}

/** What the option is called while it has no value: most options of data are found out. */
function unset({ key }: OptionSpec): string {
  return key.startsWith("data.") && !/\.(core|minRating)$/.test(key) ? "auto" : "off";
}

/** The numbers that the option may be. */
function numbersOf({ kinds }: OptionSpec): Extract<OptionKind, { min: number }> | undefined {
  return kinds.find((kind) => "min" in kind);
}

/** What a number's empty field stands for: a word that the option may be instead, or that it is off. */
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
