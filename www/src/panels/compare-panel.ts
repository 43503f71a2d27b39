import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import type { OptionSpec } from "../index.js";
import { base } from "./base.js";
import "./choice-bar.js";
import { define } from "./define.js";
import { Comparison, isOver, type Run } from "./comparison.js";
import type { DataSet } from "./data-set.js";
import { count } from "./format.js";
import type { Neighbours } from "./session.js";
import { DEFAULTS, runOptions, type Settings } from "./settings.js";
import { FIRST_PICKED, STRATEGIES } from "./strategies.js";
import "./strategy-picker.js";
import { valueOf } from "./techniques.js";

/** Maximum number of seeds: more take long and show little more. */
const MOST_SEEDS = 3;

/** Number of possible seeds. */
const SEEDS = 2 ** 32;

/** Trains some strategies one after the other and draws them in one chart. Sends `busy` when it becomes busy or idle. */
@define("tt-compare-panel")
export class ComparePanel extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: 272px minmax(0, 1fr);
        gap: 28px 40px;
        align-items: start;
      }
      .side {
        display: grid;
        gap: 12px;
      }
      .blank {
        display: grid;
        place-content: center;
        min-height: 300px;
        height: 100%;
        padding: 24px;
        border: 1px dashed var(--edge);
        border-radius: var(--radius);
        text-align: center;
      }
      .blank p {
        max-width: 38ch;
        text-wrap: balance;
      }
      .buttons {
        display: grid;
        grid-auto-flow: column;
        gap: 8px;
      }
      .state {
        display: grid;
        gap: 4px;
      }
      @container (max-width: 820px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) dataSet!: DataSet;
  @property({ attribute: false }) specs: readonly OptionSpec[] = [];
  @property({ attribute: false }) settings: Settings = DEFAULTS;
  /** Whether the page's own run is training: two at once would slow each other down. */
  @property({ type: Boolean }) blocked = false;
  /** Strategies to compare. Default: the reader picks them. */
  @property({ attribute: false }) fixed: readonly string[] | undefined;
  /** Resources that it shares with the other runs of its page. */
  @property({ attribute: false }) neighbours: Neighbours | undefined;
  @state() private picked = FIRST_PICKED;
  /** Number of seeds that each strategy is trained with. */
  @state() private seeds = 1;
  /** Whether the script that draws the results could not be loaded. */
  @state() private unloaded = false;
  readonly comparison = new Comparison();
  /** The last value of `busy` that was sent. */
  #busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.comparison.addEventListener("change", this.#changed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // A panel that is moved is connected again at once and keeps its comparison.
    setTimeout(() => {
      if (this.isConnected) return;
      this.comparison.removeEventListener("change", this.#changed);
      this.comparison.clear();
    });
  }

  override willUpdate(changed: PropertyValues<this>): void {
    // Results on other data cannot be compared.
    if (changed.has("dataSet")) this.comparison.clear();
  }

  override render(): TemplateResult {
    const { contenders, at } = this.comparison;
    const busy = at !== undefined;
    return html`<div class="side">
        ${this.fixed
          ? nothing
          : html`<tt-strategy-picker
              .picked=${this.picked}
              ?disabled=${busy}
              @pick=${({ detail }: CustomEvent<readonly string[]>) => (this.picked = detail)}
            ></tt-strategy-picker>`}
        <tt-choice-bar
          label="Seeds"
          .choices=${Array.from({ length: MOST_SEEDS }, (_, ix) => [String(ix + 1), String(ix + 1)])}
          chosen=${this.seeds}
          ?disabled=${busy}
          @change=${({ detail }: CustomEvent<string>) => (this.seeds = Number(detail))}
        ></tt-choice-bar>
        ${busy
          ? html`<div class="buttons">
              ${this.comparison.paused
                ? html`<button class="button primary" @click=${() => this.comparison.resume()}>Resume</button>`
                : html`<button class="button" @click=${() => this.comparison.pause()}>Pause</button>`}
              <button class="button" @click=${() => this.comparison.cancel()}>Cancel</button>
            </div>`
          : html`<button class="button primary" ?disabled=${!this.#ready()} @click=${() => this.start()}>Compare</button>`}
        ${this.#state()}
        <p class="unseen" role="status">${this.#spoken()}</p>
      </div>
      ${contenders.length > 0
        ? html`<tt-comparison-results .contenders=${contenders} .specs=${this.specs}></tt-comparison-results>`
        : this.#blank()}`;
  }

  #blank(): TemplateResult {
    return html`<div class="blank muted">
      <p>
        The results appear here: a chart of all strategies over epochs, pairs or time, and a table of their metrics and
        costs.
      </p>
    </div>`;
  }

  #state(): TemplateResult | typeof nothing {
    const { contenders, at, round, progress, waiting } = this.comparison;
    const said = (text: string): TemplateResult => html`<p class="small muted">${text}</p>`;
    if (this.unloaded) return said("A part of this page could not be loaded. Save what you need, then reload the page.");
    const contender = at === undefined ? undefined : contenders[at];
    if (at !== undefined && contender) {
      const { epoch, epochs, step, steps } = progress ?? { epoch: 1, epochs: 1, step: 0, steps: 1 };
      const runs = this.#runs.length;
      const done = (round * contenders.length + at + (epoch - 1 + step / steps) / epochs) / runs;
      const seed = contender.runs.length > 1 ? `, seed ${String(round + 1)} of ${String(contender.runs.length)}` : "";
      return html`<div class="state small muted figure">
        <span>${waiting ? "Waiting: another trainer on this page is training" : `${contender.strategy.name}${seed}`}${waiting ? "" : progress ? `, epoch ${count(epoch)} of ${count(epochs)}` : "…"}</span>
        <progress max="1" .value=${done} aria-label="Comparison done"></progress>
      </div>`;
    }
    if (this.blocked) return said("The run above is training. Pause it first: two runs at once would slow each other down.");
    if (this.#runs.some((run) => !isOver(run))) return said("Cancelled. The results so far are kept.");
    return nothing;
  }

  /** Text for screen readers: the strategy that trains now, and the end of the comparison. */
  #spoken(): string {
    const { contenders, at } = this.comparison;
    if (at !== undefined) return this.comparison.waiting ? "Waiting for another trainer." : `Training ${contenders[at]?.strategy.name ?? ""}.`;
    return contenders.length > 0 ? "The comparison has ended." : "";
  }

  /** All runs of the comparison. */
  get #runs(): readonly Run[] {
    return this.comparison.contenders.flatMap(({ runs }) => runs);
  }

  get #chosen(): readonly string[] {
    return this.fixed ?? this.picked;
  }

  #ready(): boolean {
    return !this.blocked && this.specs.length > 0 && this.#chosen.length > 0;
  }

  /** Starts a comparison and removes the results of the last one. */
  start(): void {
    // Loaded when it is needed: most visits compare nothing.
    import("./comparison-results.js").catch(() => (this.unloaded = true));
    const { dataSet, specs, settings } = this;
    const strategies = STRATEGIES.filter(({ id }) => this.#chosen.includes(id));
    const contenders = strategies.map((strategy) => {
      const values = strategy.values(settings.values, specs);
      const seed = Number(valueOf("seed", values, specs));
      const runs = Array.from({ length: this.seeds }, (_, ix) => {
        const seeded = this.seeds > 1 ? { ...values, seed: (seed + ix) % SEEDS } : values;
        return { options: runOptions({ ...settings, values: seeded }, dataSet), epochs: [] };
      });
      return { strategy, values, told: strategy.told(values, specs), runs };
    });
    this.comparison.start(dataSet, contenders, this.neighbours);
  }

  readonly #changed = (): void => {
    const busy = this.comparison.at !== undefined;
    if (busy !== this.#busy) this.dispatchEvent(new CustomEvent<boolean>("busy", { detail: busy }));
    this.#busy = busy;
    this.requestUpdate();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-compare-panel": ComparePanel;
  }
}
