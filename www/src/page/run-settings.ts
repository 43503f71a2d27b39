import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import "./option-field.js";
import type { Settings, Value } from "./settings.js";

/** The options that the page offers, as it calls them. */
const OPTIONS: readonly (readonly [key: string, label: string])[] = [
  ["epochs", "Epochs"],
  ["batchSize", "Batch size"],
  ["dim", "Width D"],
  ["temperature", "Temperature τ"],
  ["optimizer.learningRate", "Learning rate"],
  ["seed", "Seed"],
];

/** Those that say how a visitor's own file is read. */
const READING: readonly (readonly [key: string, label: string])[] = [
  ["split.kind", "Test part"],
  ["data.minRating", "Lowest rating"],
];

const BACKENDS = [
  ["auto", "Auto"],
  ["webgpu", "WebGPU"],
  ["cpu", "CPU"],
] as const;

/** The settings of a run. Sends `settings` with what they became. */
@customElement("run-settings")
export class RunSettings extends LitElement {
  static override styles = [
    base,
    css`
      form {
        display: grid;
        gap: 16px;
      }
      .fields {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 12px;
      }
      .choice {
        display: grid;
        grid-template-columns: repeat(3, 1fr);
        margin-top: 4px;
        border: 1px solid var(--edge);
        border-radius: 6px;
        background: var(--raised);
      }
      .choice span {
        display: block;
        padding: 6px 4px;
        border-radius: 5px;
        text-align: center;
        cursor: pointer;
      }
      .choice :checked + span {
        background: var(--ink);
        color: var(--paper);
      }
      .choice :disabled + span {
        cursor: default;
        opacity: 0.45;
      }
      .choice :focus-visible + span {
        outline: 2px solid var(--recall);
        outline-offset: 2px;
      }
      legend {
        font-size: 0.8125rem;
        font-weight: 550;
      }
    `,
  ];

  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  @property({ attribute: false }) settings: Settings | undefined;
  /** Whether the data is the visitor's own, and still to be split. */
  @property({ type: Boolean }) reading = false;
  @property({ type: Boolean }) disabled = false;

  override render(): TemplateResult {
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      <div class="fields">
        ${[...(this.reading ? READING : []), ...OPTIONS].map(([key, label]) => this.#field(key, label))}
      </div>
      <fieldset ?disabled=${this.disabled}>
        <legend>Backend</legend>
        <div class="choice small">${BACKENDS.map(([backend, label]) => this.#backend(backend, label))}</div>
      </fieldset>
    </form>`;
  }

  #field(key: string, label: string): TemplateResult {
    return html`<option-field
      label=${label}
      .spec=${this.#spec(key)}
      .value=${this.settings?.values[key]}
      ?disabled=${this.disabled}
      @change=${({ detail }: CustomEvent<Value>) => this.#send({ values: { ...this.settings?.values, [key]: detail } })}
    ></option-field>`;
  }

  /** A file that is still to be split has no `given` test part. */
  #spec(key: string): OptionSpec | undefined {
    const spec = this.specs.find((spec) => spec.key === key);
    if (key !== "split.kind" || spec === undefined) return spec;
    const kinds = spec.kinds.map((kind) =>
      kind.kind === "one-of" ? { ...kind, words: kind.words.filter((word) => word !== "given") } : kind,
    );
    return { ...spec, kinds };
  }

  #backend(backend: Settings["backend"], label: string): TemplateResult {
    return html`<label>
      <input
        class="unseen"
        type="radio"
        name="backend"
        .checked=${this.settings?.backend === backend}
        @change=${() => this.#send({ backend })}
      />
      <span>${label}</span>
    </label>`;
  }

  #send(change: Partial<Settings>): void {
    if (this.settings === undefined) return;
    this.dispatchEvent(new CustomEvent<Settings>("settings", { detail: { ...this.settings, ...change } }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "run-settings": RunSettings;
  }
}
