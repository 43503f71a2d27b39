/** The element's view: the run's controls, charts and lists, with the same panels as the demo page. */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { type OptionSpec, type Preset, type Report, Trainer, TwoTowerError } from "../index.js";
import "../panels/ask-panel.js";
import { base } from "../panels/base.js";
import "../panels/choice-bar.js";
import type { ComparePanel } from "../panels/compare-panel.js";
import "../panels/compare-panel.js";
import { type DataSet, SHIPPED, WORDS } from "../panels/data-set.js";
import { define } from "../panels/define.js";
import "../panels/error-note.js";
import { share } from "../panels/format.js";
import { type Control, controlOf } from "../panels/options.js";
import "../panels/option-fields.js";
import "../panels/run-charts.js";
import "../panels/run-controls.js";
import { type Neighbours, Session } from "../panels/session.js";
import { DEFAULTS, flat, type Settings, type Values, valuesOf } from "../panels/settings.js";
import "../panels/step-profile.js";
import { isOver } from "../panels/comparison.js";
import { MOST, STRATEGIES } from "../panels/strategies.js";
import "../panels/technique-switch.js";
import { Turns } from "../panels/turns.js";
import { type Setup, WrongAttribute } from "./attributes.js";
import { dataSetOf } from "./data.js";
import type { TwoTowerEventMap } from "./events.js";

/** All elements of a page share a worker and train one at a time. */
const NEIGHBOURS: Neighbours = { share: true, turns: new Turns() };

/** Charts with their labels. A narrow element shows one at a time, and the labels choose it. */
const CHARTS = [
  ["metrics", "Metrics"],
  ["loss", "Loss"],
] as const;

type Chart = (typeof CHARTS)[number][0];

/** Contents of `<two-tower-trainer>`. Sends the element's events, which cross shadow roots. */
@define("tt-view")
export class View extends LitElement {
  static override styles = [
    base,
    css`
      .frame {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 10px;
        padding: 12px;
      }
      tt-error-note:not(.bad) {
        display: none;
      }
      tt-run-controls {
        border: 0;
        background: none;
        padding: 0 !important;
      }
      .body,
      .side,
      .charts {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        align-content: start;
        gap: 10px;
      }
      .ask {
        container-type: inline-size;
        min-width: 0;
        --list-height: 8.5em;
      }
      .settings {
        display: grid;
        gap: 10px;
      }
      tt-option-fields {
        grid-template-columns: repeat(auto-fit, minmax(120px, 1fr));
      }
      tt-run-charts {
        --plot-height: 92px;
        --chart-tools: none;
      }
      tt-run-charts:not(.front) {
        display: none;
      }
      footer {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 2px 16px;
        font-size: 0.6875em;
        color: var(--muted);
      }
      @container (min-width: 560px) {
        .body.two {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        }
        .body {
          gap: 14px;
        }
      }
      @container (min-width: 1000px) {
        .charts tt-choice-bar {
          display: none;
        }
        tt-run-charts:not(.front) {
          display: grid;
        }
        .body.two {
          grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
        }
        .ask {
          --list-height: 24em;
        }
        tt-run-charts {
          --plot-height: 150px;
          --chart-tools: block;
        }
        .settings tt-option-fields {
          grid-template-columns: repeat(auto-fit, minmax(160px, 1fr));
        }
      }
    `,
  ];

  /** The attributes' values. */
  @property({ attribute: false }) setup: Setup | undefined;
  @state() private problem: string | undefined;
  @state() private front: Chart = "metrics";
  @state() private controls: readonly Control[] = [];
  @state() private comparing = false;
  @state() private dataSet: DataSet | undefined;
  /** Id of the user that the model is asked about. */
  @state() private user: string | undefined;
  @query("tt-compare-panel") private readonly comparison!: ComparePanel | null;

  readonly #session = new Session(DEFAULTS, NEIGHBOURS);
  #specs: readonly OptionSpec[] = [];
  /** Data and options that were opened last. */
  #opened: string | undefined;
  /** Settles when the last setup has been applied. */
  #ready: Promise<unknown> = Promise.resolve();
  /** State of the run that events have already reported, and its trainer. */
  #told = { run: 0, trainer: undefined as Trainer | undefined, epochs: 0, done: false, error: undefined as TwoTowerError | undefined };
  #started = false;

  constructor() {
    super();
    this.#session.addEventListener("change", this.#changed);
  }

  /** Whether anything has been trained. */
  get trained(): boolean {
    return this.#session.epochs.length > 0 || (this.comparison?.comparison.contenders.length ?? 0) > 0;
  }

  /** Starts or resumes the run; if the element only compares strategies, the comparison. */
  async start(): Promise<void> {
    await this.#ready;
    await this.updateComplete;
    if (this.#onlyCompares) {
      if (this.comparison?.comparison.paused) this.comparison.comparison.resume();
      else if (!this.comparing) this.comparison?.start();
    } else await this.#session.start();
  }

  pause(): void {
    if (this.#onlyCompares) this.comparison?.comparison.pause();
    else this.#session.pause();
  }

  async reset(): Promise<void> {
    await this.#ready;
    this.comparison?.comparison.clear();
    await this.#session.reset();
  }

  /** Frees the run, its worker's memory and its GPU buffers. */
  close(): void {
    // A data set that is still loading must not be opened.
    this.setup = undefined;
    this.comparison?.comparison.clear();
    this.#session.close();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("setup") && this.setup) this.#ready = this.#take(this.setup);
  }

  override firstUpdated(): void {
    // Until this is loaded, labels have no explanations.
    void import("../panels/words/term.js");
  }

  override updated(): void {
    const panels = this.setup?.panels ?? [];
    if (panels.includes("map")) void import("../panels/item-map.js");
    if (panels.includes("batch")) void import("../panels/batch-picture.js");
    if (panels.includes("step")) void import("../panels/step-graph.js");
  }

  override render(): TemplateResult | typeof nothing {
    const { setup, dataSet } = this;
    const session = this.#session;
    if (setup === undefined) return nothing;
    const { phase, trainer } = session;
    const shows = (panel: Setup["panels"][number]): boolean => setup.panels.includes(panel);
    const charts = CHARTS.filter(([chart]) => shows(chart));
    const left = charts.length > 0 || this.controls.length > 0;
    const message = this.problem ?? session.error?.message;
    return html`<div class="frame" part="frame" lang="en">
      <h2 class="unseen">A recommender that trains here</h2>
      <tt-error-note class=${message ? "bad" : ""} part="message" .message=${message}></tt-error-note>
      ${this.problem && session.trainer === undefined ? this.#again(setup) : this.#onlyCompares ? nothing : this.#runControls()}
      <div class="body ${left && shows("ask") ? "two" : ""}">
        ${left
          ? html`<div class="side">
              ${this.controls.length > 0 ? this.#settings() : nothing} ${charts.length > 0 ? this.#charts(charts) : nothing}
            </div>`
          : nothing}
        ${shows("ask")
          ? html`<div class="ask" part="ask">
              <tt-ask-panel .trainer=${trainer} .version=${session.version} .words=${dataSet?.words ?? WORDS} @whom=${({ detail }: CustomEvent<string | undefined>) => (this.user = detail)}></tt-ask-panel>
            </div>`
          : nothing}
      </div>
      ${this.#pictures(shows)}
      ${shows("profile")
        ? html`<tt-step-profile
            part="profile"
            .trainer=${trainer}
            .run=${session.run}
            .phase=${phase}
            ?blocked=${this.comparing}
          ></tt-step-profile>`
        : nothing}
      ${shows("compare") && dataSet
        ? html`<tt-compare-panel
            part="compare"
            .dataSet=${dataSet}
            .specs=${session.specs}
            .settings=${session.settings}
            .fixed=${setup.strategies.length > 0 ? setup.strategies : undefined}
            .neighbours=${NEIGHBOURS}
            ?blocked=${phase === "training"}
            @busy=${({ detail }: CustomEvent<boolean>) => this.#compares(detail)}
          ></tt-compare-panel>`
        : nothing}
      <p class="unseen" role="status">${this.#spoken()}</p>
      ${this.#credits()}
    </div>`;
  }

  /** Renders the pictures of the `panels`. Their code is loaded only if they are shown, since most elements have none. */
  #pictures(shows: (panel: Setup["panels"][number]) => boolean): TemplateResult | typeof nothing {
    const session = this.#session;
    const { trainer, run, version, progress } = session;
    if (progress?.trial) return nothing;
    const words = this.dataSet?.words ?? WORDS;
    return html`${shows("map")
      ? html`<tt-item-map
          part="map"
          .trainer=${trainer}
          .run=${run}
          .version=${version}
          .epoch=${session.epochs.length}
          .user=${this.user}
          .words=${words}
        ></tt-item-map>`
      : nothing}
    ${shows("batch")
      ? html`<tt-batch-picture part="batch" .trainer=${trainer} .run=${run} .version=${version} .words=${words}></tt-batch-picture>`
      : nothing}
    ${shows("step")
      ? html`<tt-step-graph part="step" .trainer=${trainer} .run=${run} .version=${version} .phase=${session.phase}></tt-step-graph>`
      : nothing}`;
  }

  get #onlyCompares(): boolean {
    return this.setup?.panels.join() === "compare";
  }

  /** Renders a button that opens the data again. */
  #again(setup: Setup): TemplateResult {
    return html`<div>
      <button class="button primary" part="start" @click=${() => (this.#ready = this.#take(setup))}>Try again</button>
    </div>`;
  }

  #runControls(): TemplateResult {
    const session = this.#session;
    return html`<tt-run-controls
      part="controls"
      exportparts="start, reset"
      compact
      .phase=${session.phase}
      .about=${session.trainer?.about}
      .progress=${session.progress}
      .arrived=${session.arrived}
      .recovered=${session.recovered}
      .pairsPerSecond=${session.pairsPerSecond}
      .epochs=${session.progress?.epochs ?? session.trainer?.about.config.epochs ?? 1}
      .stale=${session.stale}
      ?blocked=${this.comparing}
      @start=${() => void session.start()}
      @pause=${() => session.pause()}
      @reset=${() => void session.reset()}
    ></tt-run-controls>`;
  }

  #settings(): TemplateResult {
    const { values } = this.#session.settings;
    const disabled = this.#session.phase === "training";
    const options = this.controls.flatMap((control) => ("option" in control ? [control.option] : []));
    const techniques = this.controls.flatMap((control) => ("technique" in control ? [control.technique] : []));
    return html`<div
      class="settings"
      part="settings"
      @values=${({ detail }: CustomEvent<Values>) => void this.#session.configure({ ...this.#session.settings, values: detail })}
    >
      ${options.length > 0
        ? html`<tt-option-fields .options=${options} .specs=${this.#specs} .values=${values} ?disabled=${disabled}></tt-option-fields>`
        : nothing}
      ${techniques.map(
        (technique) => html`<tt-technique-switch
          .technique=${technique}
          .specs=${this.#specs}
          .values=${values}
          ?disabled=${disabled}
        ></tt-technique-switch>`,
      )}
    </div>`;
  }

  #charts(charts: readonly (readonly [Chart, string])[]): TemplateResult {
    const session = this.#session;
    const front = charts.some(([chart]) => chart === this.front) ? this.front : charts[0]?.[0];
    return html`<div class="charts" part="charts">
      ${charts.length > 1
        ? html`<tt-choice-bar
            label="Chart"
            quiet
            .choices=${charts}
            chosen=${front}
            @change=${({ detail }: CustomEvent<Chart>) => (this.front = detail)}
          ></tt-choice-bar>`
        : nothing}
      ${charts.map(
        ([chart]) => html`<tt-run-charts
          class=${chart === front ? "front" : ""}
          .shown=${[chart]}
          .loss=${session.loss.points()}
          .reports=${session.epochs}
          .popularity=${session.popularity}
          .final=${session.final}
          .epochs=${session.progress?.epochs ?? session.trainer?.about.config.epochs ?? 1}
          ?validated=${(session.trainer?.about.data.validation ?? 0) > 0}
        ></tt-run-charts>`,
      )}
    </div>`;
  }

  /** Renders the credit of the data, which its licence requires, and a note on privacy. */
  #credits(): TemplateResult {
    const credit = SHIPPED.find(({ id }) => id === this.dataSet?.id)?.credit;
    return html`<footer part="footer">
      ${credit
        ? html`<span>Data: <a href=${credit.url}>${credit.work}</a>, changed, <a href=${credit.licenceUrl}>${credit.licence}</a></span>`
        : html`<span>${this.dataSet?.title ?? ""}</span>`}
      <span>Trains on this machine; no data leaves the page.</span>
    </footer>`;
  }

  /** Text for screen readers: the run's phase and the end of each epoch. */
  #spoken(): string {
    const { phase, epochs } = this.#session;
    const last = epochs.at(-1);
    const measured = last ? `Epoch ${last.epoch}: recall at 20 is ${share(last["recall@20"])}.` : "";
    const said = { opening: "Reading the data.", ready: "Ready to train.", waiting: "Waiting for another trainer.", training: "Training.", paused: "Paused.", finished: "Finished.", failed: "" };
    return this.#onlyCompares ? "" : `${said[phase]} ${measured}`;
  }

  /** Applies the attributes: opens their data set with their options. */
  async #take(setup: Setup): Promise<void> {
    try {
      const [specs, presets] = await Promise.all([Trainer.options(), Trainer.presets()]);
      if (setup !== this.setup) return;
      this.#specs = specs;
      this.problem = undefined;
      this.controls = setup.controls.map((name) => controlNamed(name, specs));
      checkStrategies(setup.strategies);
      const settings: Settings = { backend: setup.backend, values: valuesIn(setup, specs, presets) };
      this.dataSet = dataSetOf(setup);
      const run = JSON.stringify([setup.dataset, setup.items, setup.users, settings]);
      if (run !== this.#opened) {
        this.#opened = run;
        await this.#session.open(this.dataSet, settings);
      }
      if (setup !== this.setup || !setup.autostart || this.#started) return;
      this.#started = true;
      void this.start();
    } catch (thrown) {
      if (setup !== this.setup) return;
      const error = thrown instanceof WrongAttribute ? thrown.typed() : TwoTowerError.from(thrown);
      this.problem = error.message;
      this.#opened = undefined;
      this.#send("twotower-error", { error });
    }
  }

  readonly #changed = (): void => {
    this.requestUpdate();
    const { run, epochs, phase, error, trainer, final } = this.#session;
    const told = this.#told;
    // A run whose worker died continues with another trainer.
    if (trainer && (run !== told.run || trainer !== told.trainer)) {
      this.#told = run === told.run ? { ...told, trainer } : { run, trainer, epochs: 0, done: false, error: undefined };
      this.#send("twotower-ready", { trainer, about: trainer.about });
    }
    for (const epoch of epochs.slice(this.#told.epochs)) this.#send("twotower-epoch", { epoch });
    this.#told.epochs = epochs.length;
    if (phase === "finished" && !this.#told.done && trainer && final !== undefined) {
      this.#told.done = true;
      const done = (report: Report): void => {
        if (trainer === this.#session.trainer) this.#send("twotower-done", { report });
      };
      // The report fails if the trainer was destroyed meanwhile.
      trainer.report().then(done, () => undefined);
    }
    if (phase === "training") this.#told.done = false;
    if (error && error !== this.#told.error) this.#send("twotower-error", { error });
    this.#told.error = error;
  };

  /** Sends the events of a comparison. */
  #compares(busy: boolean): void {
    this.comparing = busy;
    const comparison = this.comparison?.comparison;
    if (!comparison) return;
    if (!busy) {
      const { contenders } = comparison;
      const runs = contenders.flatMap(({ runs }) => runs);
      for (const { error } of runs) if (error) this.#send("twotower-error", { error });
      if (runs.length === 0 || !runs.every(isOver)) return;
      const done = contenders.flatMap(({ strategy, runs: [run] }) => (run?.final === undefined ? [] : [{ strategy, ...run, final: run.final }]));
      const report = Object.fromEntries(done.map(({ strategy, epochs, final }) => [strategy.id, { epochs: [...epochs], final }]));
      this.#send("twotower-done", { report });
      return;
    }
    const told = new Map<string, number>();
    const tell = (): void => {
      for (const { strategy, runs } of comparison.contenders) {
        for (const [ix, { epochs, about }] of runs.entries()) {
          const run = `${strategy.id} ${String(ix)}`;
          for (const epoch of epochs.slice(told.get(run) ?? 0)) {
            this.#send("twotower-epoch", { epoch, strategy: strategy.id, seed: about?.config.seed });
          }
          told.set(run, epochs.length);
        }
      }
      if (comparison.at === undefined) comparison.removeEventListener("change", tell);
    };
    comparison.addEventListener("change", tell);
  }

  #send<Name extends keyof TwoTowerEventMap>(name: Name, detail: TwoTowerEventMap[Name]["detail"]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** Returns the report of the run so far. */
  async report(): Promise<Report | undefined> {
    return this.#session.trainer?.report();
  }
}

/** Returns the values of the options: from the preset, then from the config, then the epochs. */
function valuesIn({ preset, config, epochs }: Setup, specs: readonly OptionSpec[], presets: readonly Preset[]): Values {
  const found = presets.find(({ name }) => name === preset);
  if (preset !== null && !found) throw new WrongAttribute("preset", preset, presets.map(({ name }) => name).join(", "));
  return {
    ...(found && valuesOf(found.options, specs)),
    ...flat(config, specs),
    ...(epochs !== null && { epochs }),
  };
}

function controlNamed(name: string, specs: readonly OptionSpec[]): Control {
  const found = controlOf(name, specs);
  if (!("length" in found)) return found;
  const allowed = found.length > 0 ? found : specs.map(({ key }) => key);
  throw new WrongAttribute("controls", name, allowed.join(", "));
}

function checkStrategies(names: readonly string[]): void {
  const known = STRATEGIES.map(({ id }) => id);
  const allowed = `at most ${String(MOST)} of ${known.join(", ")}`;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new WrongAttribute("strategies", unknown, allowed);
  if (names.length > MOST) throw new WrongAttribute("strategies", names.join(" "), allowed);
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-view": View;
  }
}
