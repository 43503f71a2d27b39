import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";

import type { About, OptionSpec, Preset } from "../index.js";
import { barredBy, type Refused } from "../panels/barred.js";
import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { estimatePlain } from "../panels/estimate.js";
import { capital, duration } from "../panels/format.js";
import "../panels/choice-bar.js";
import "../panels/option-fields.js";
import { DEFAULTS, isOfData, ofData, type Settings, type Value, type Values, valuesOf } from "../panels/settings.js";
import "../panels/technique-switch.js";
import { COUNT, OPTIONS, SWITCHES } from "../panels/options.js";

/** Kinds of negatives that have a count, because they are drawn. */
const DRAWN: readonly unknown[] = ["uniform", "popularity", "mixed"];

const BACKENDS = [
  ["auto", "Auto"],
  ["webgpu", "WebGPU"],
  ["cpu", "CPU"],
] as const satisfies readonly (readonly [Settings["backend"], string])[];

/** A form with the settings of a run. Sends `settings` with the new settings. */
@define("tt-run-settings")
export class RunSettings extends LitElement {
  static override styles = [
    base,
    css`
      form {
        display: grid;
        gap: 16px;
      }
      .cost {
        /* Reserves the height until the cost is known. */
        min-height: 1.45em;
        margin-top: 4px;
      }
      /* Reserves the height until the options are known. */
      form > tt-option-fields {
        align-content: start;
        min-height: calc(17 * var(--rem));
      }
      tt-technique-switch:last-child {
        padding-bottom: 0;
      }
    `,
  ];

  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  @property({ attribute: false }) presets: readonly Preset[] = [];
  @property({ attribute: false }) settings: Settings = DEFAULTS;
  @property({ type: Boolean }) disabled = false;
  /** Description of the current model, whose data rules out some settings. */
  @property({ attribute: false }) about: About | undefined;
  /** Whether the data is that of a saved run. */
  @property({ type: Boolean }) saved = false;
  /** The option that was rejected, and why. */
  @property({ attribute: false }) refused: Refused | undefined;

  override render(): TemplateResult {
    const { values, backend } = this.settings;
    const drawn = DRAWN.includes(values["negatives.kind"]);
    const options = [...OPTIONS, ...(drawn ? [COUNT] : [])];
    const barred = barredBy(values, this.about, this.saved);
    return html`<form
      @submit=${(event: Event) => event.preventDefault()}
      @values=${({ detail }: CustomEvent<Values>) => this.#send({ values: detail })}
    >
      <div>
        <tt-choice-bar
          label="Preset"
          .choices=${this.presets.map(({ name }) => [name, capital(name)])}
          chosen=${ifDefined(this.#preset())}
          ?disabled=${this.disabled}
          @change=${({ detail }: CustomEvent<string>) => this.#send({ values: { ...ofData(this.settings.values), ...this.#given(detail) } })}
        ></tt-choice-bar>
        <p class="cost small muted">${this.#cost()}</p>
      </div>
      <tt-option-fields
        .options=${options}
        .specs=${this.specs}
        .values=${values}
        .barred=${barred}
        .refused=${this.refused}
        ?disabled=${this.disabled}
      ></tt-option-fields>
      <tt-choice-bar
        label="Backend"
        .choices=${BACKENDS}
        chosen=${backend}
        ?disabled=${this.disabled}
        @change=${({ detail }: CustomEvent<Settings["backend"]>) => this.#send({ backend: detail })}
      ></tt-choice-bar>
      <div>
        ${SWITCHES.map(
          (technique) => html`<tt-technique-switch
            .technique=${technique}
            .specs=${this.specs}
            .values=${values}
            .barred=${barred}
            .refused=${this.refused}
            ?disabled=${this.disabled}
          ></tt-technique-switch>`,
        )}
      </div>
    </form>`;
  }

  /** Options of a preset. */
  #given(name: string): Values {
    const preset = this.presets.find((preset) => preset.name === name);
    return preset ? valuesOf(preset.options, this.specs) : {};
  }

  /** Returns a sentence on the time of a run with the last preset, which is the slowest; empty if that one is chosen. */
  #cost(): string {
    const { about } = this;
    const best = this.presets.at(-1)?.name;
    if (about === undefined || best === undefined || best === this.#preset()) return "";
    const values = this.#given(best);
    const valueOf = (key: string): Value | undefined => values[key] ?? this.specs.find((spec) => spec.key === key)?.default;
    const [dim, batchSize, epochs] = ["dim", "batchSize", "epochs"].map((key) => Number(valueOf(key))) as [number, number, number];
    const tried = valueOf("tune.temperature");
    const temperatures = Array.isArray(tried) ? tried.length : 0;
    return `${capital(best)} takes about ${duration(estimatePlain(about, { dim, batchSize, epochs, temperatures }))} here.`;
  }

  /** Returns the preset that equals the settings, if any. */
  #preset(): string | undefined {
    const ofPresets = this.specs.filter(({ key }) => key !== "preset" && !isOfData(key));
    const complete = (values: Values): string =>
      JSON.stringify(ofPresets.map(({ key, default: usual }) => (isOptional(key) ? values[key] : (values[key] ?? usual))));
    const ours = complete(this.settings.values);
    return this.presets.find(({ name }) => complete(this.#given(name)) === ours)?.name;
  }

  #send(change: Partial<Settings>): void {
    this.dispatchEvent(new CustomEvent<Settings>("settings", { detail: { ...this.settings, ...change } }));
  }
}

/** Returns whether an option has no value while its group is off. */
function isOptional(key: string): boolean {
  return SWITCHES.some(({ group }) => key.startsWith(`${group}.`));
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-run-settings": RunSettings;
  }
}
