import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { query, state } from "lit/decorators.js";

import type { Attributes } from "../element/address.js";
import { type Extension, Trainer, TwoTowerError } from "../index.js";
import "../panels/ask-panel.js";
import { refusedBy } from "../panels/barred.js";
import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import "./data-picker.js";
import { type DataSet, FIRST } from "../panels/data-set.js";
import { fileName, give, MODEL } from "./downloads.js";
import "../panels/error-note.js";
import { count, plural, share } from "../panels/format.js";
import "./keep-bar.js";
import { attributesOf, linked, linkTo } from "./link.js";
import { ownSet, ownSource } from "./own-files.js";
import "./page-header.js";
import "../panels/run-charts.js";
import "../panels/run-controls.js";
import "./run-settings.js";
import type { PastRuns } from "./past-runs.js";
import { hasPastRuns } from "./has-past-runs.js";
import { serves, SERVES } from "../panels/serving.js";
import { Session } from "../panels/session.js";
import { DEFAULTS, type Settings, withoutData } from "../panels/settings.js";
import type { TrialRun } from "../panels/trials.js";
import { inWords } from "./words.js";

/** The whole page: data and settings at the side, the run and its results in the middle. */
@define("demo-page")
export class DemoPage extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        container-type: inline-size;
      }
      main {
        display: grid;
        grid-template-columns: 272px minmax(0, 1fr);
        grid-template-rows: auto auto 1fr;
        grid-template-areas: "data run" "settings run" "settings ask";
        gap: 28px 40px;
        margin-bottom: 64px;
      }
      .data {
        grid-area: data;
      }
      .settings {
        grid-area: settings;
      }
      .run {
        grid-area: run;
        min-width: 0;
      }
      .run > :not(tt-error-note, .unseen) {
        margin-bottom: 16px;
      }
      h2 {
        font: 600 1.375rem/1.2 var(--serif);
        letter-spacing: -0.005em;
      }
      .side h2 {
        margin-bottom: 12px;
        font: 600 0.875rem/1.4 var(--sans);
      }
      .ask {
        container-type: inline-size;
        grid-area: ask;
        display: grid;
        align-content: start;
        gap: 8px;
        min-width: 0;
      }
      .see,
      .past,
      .compare {
        grid-column: 1 / -1;
        min-width: 0;
      }
      .past {
        margin-bottom: 20px;
      }
      .see,
      .compare {
        display: grid;
        gap: 8px;
      }
      tt-compare-panel {
        margin-top: 8px;
      }
      /* Reserves the height until it is loaded. */
      tt-share-bar {
        display: block;
        min-height: 64px;
      }
      /* Reserves the height that it has once it is loaded. */
      tt-tour {
        display: block;
        min-height: 32px;
        margin-bottom: 24px;
      }
      tt-pictures {
        display: block;
        min-height: 620px;
      }
      tt-export-menu {
        margin-top: 8px;
      }
      .drop {
        position: fixed;
        z-index: 2;
        inset: 12px;
        display: grid;
        place-content: center;
        border: 2px dashed var(--accent);
        border-radius: 16px;
        background: color-mix(in srgb, var(--paper) 88%, transparent);
        font: 500 1.75rem/1.2 var(--serif);
        pointer-events: none;
      }
      /* Its buttons take two lines. */
      @media (max-width: 520px) {
        tt-tour {
          min-height: 70px;
        }
      }
      @media (max-width: 860px) {
        main {
          grid-template-columns: minmax(0, 1fr);
          grid-template-rows: none;
          grid-template-areas: "data" "run" "settings" "ask";
        }
      }
    `,
  ];

  readonly #session = new Session(DEFAULTS);
  /** The reason if the visitor's last action was not possible. */
  @state() private problem: string | undefined;
  @state() private dragging = false;
  @state() private comparing = false;
  @state() private exporting = false;
  /** The visitor's own data that was opened last: it stays among the data sets while another one is open. */
  @state() private own: DataSet | undefined;
  /** Id of the user that the model is asked about. */
  @state() private user: string | undefined;
  /** Outcome of the last attempt to keep a model. */
  @state() private outcome = "";
  /** Whether the page shows the list of past runs. */
  @state() private hasPast = false;
  @query("tt-past-runs") private readonly pastRuns!: PastRuns;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#session.addEventListener("change", this.#changed);
    addEventListener("beforeunload", this.#leaving);
    addEventListener("dragover", this.#dragged);
    addEventListener("dragleave", this.#left);
    addEventListener("drop", this.#dropped);
    this.#session.rescue = () => this.#rescue();
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session.removeEventListener("change", this.#changed);
    removeEventListener("beforeunload", this.#leaving);
    removeEventListener("dragover", this.#dragged);
    removeEventListener("dragleave", this.#left);
    removeEventListener("drop", this.#dropped);
    this.#session.close();
  }

  override render(): TemplateResult {
    const session = this.#session;
    const { phase, trainer, specs, settings, candidate } = session;
    const about = trainer?.about;
    const { user, item } = this.dataSet.words;
    const busy = phase === "training";
    const epochs = session.progress?.epochs ?? about?.config.epochs ?? 1;
    // A rejected file is shown as far as it was read, so that the visitor can correct the options.
    const previewed = candidate?.dataSet.own ? candidate : { dataSet: this.dataSet, settings };
    const trying = this.#trial;
    const problem = this.problem ?? (session.error && inWords(session.error.message));
    return html`
      <tt-page-header user=${user} item=${item}><slot></slot></tt-page-header>
      <aside aria-label="First steps"><tt-tour .words=${this.dataSet.words}></tt-tour></aside>
      <main>
        <section class="side data" aria-labelledby="data">
          <h2 id="data">Data</h2>
          <tt-data-picker
            .picked=${session.isOpening ? candidate?.dataSet : this.dataSet}
            .own=${this.own}
            .data=${about?.data}
            @pick=${({ detail }: CustomEvent<DataSet>) => this.#turn(detail)}
            @files=${({ detail }: CustomEvent<File[]>) => this.#take(detail)}
          ></tt-data-picker>
        </section>
        <section class="run" aria-label="Training">
          <tt-error-note .message=${problem}></tt-error-note>
          ${previewed.dataSet.own
            ? html`<tt-data-preview
                .dataSet=${previewed.dataSet}
                .about=${previewed.dataSet === session.dataSet ? about : undefined}
                .error=${session.error}
                .specs=${specs}
                .settings=${previewed.settings}
                ?disabled=${busy && previewed.dataSet === session.dataSet}
                ?aside=${candidate?.error !== undefined && session.dataSet !== undefined && candidate.dataSet !== session.dataSet}
                @settings=${({ detail }: CustomEvent<Settings>) => this.#do(() => session.correct(detail))}
                @dismiss=${() => this.#do(() => session.dismiss())}
              ></tt-data-preview>`
            : nothing}
          <tt-run-controls
            class="card"
            .phase=${phase}
            .about=${about}
            .progress=${session.progress}
            .recovered=${session.recovered}
            .pairsPerSecond=${session.pairsPerSecond}
            .epochs=${epochs}
            ?opening=${session.isOpening}
            .arrived=${session.arrived}
            ?stopping=${session.stopping}
            .stale=${session.stale}
            ?blocked=${this.comparing}
            @start=${() => this.#do(() => session.start())}
            @pause=${() => session.pause()}
            @reset=${() => this.#do(() => session.reset())}
          ></tt-run-controls>
          <tt-keep-bar
            ?disabled=${session.epochs.length === 0}
            ?closed=${busy || session.stopping || about?.config.tune != null}
            outcome=${this.outcome}
            @add=${({ detail }: CustomEvent<File[]>) => this.#add(detail)}
            @keep=${() => this.#do(async () => {
              this.outcome = "Keeping the model…";
              this.outcome = await (await this.#past()).keep();
            })}
            @save=${() => this.#save((file) => {
              give(new Blob([file]), fileName(this.dataSet, MODEL));
              return "Saved. Open the file here to resume the run. It contains the training data.";
            })}
          ></tt-keep-bar>
          <details class="small export" @toggle=${({ target }: Event) => (this.exporting = (target as HTMLDetailsElement).open)}>
            <summary>Export recommendations, vectors and code</summary>
            ${this.exporting
              ? html`<tt-export-menu
                  class="card"
                  .trainer=${trainer}
                  .run=${about && { dataSet: this.dataSet, about, backend: settings.backend, specs }}
                  .phase=${phase}
                  ?untrained=${session.epochs.length === 0 && !serves(about)}
                ></tt-export-menu>`
              : nothing}
          </details>
          ${location.protocol === "file:" ? nothing : html`<tt-share-bar .shared=${this.#shared}></tt-share-bar>`}
          <tt-run-charts
            .loss=${(trying ?? session).loss.points()}
            .shown=${trying ? ["loss"] : ["loss", "metrics"]}
            .reports=${session.epochs}
            .popularity=${session.popularity}
            .final=${session.final}
            .epochs=${epochs}
            ?validated=${(about?.data.validation ?? 0) > 0}
          ></tt-run-charts>
          ${session.trials.length > 0
            ? html`<tt-trials .trials=${session.trials} .metric=${about?.config.metric} ?over=${trying === undefined}></tt-trials>`
            : nothing}
          ${session.epochs.length > 1
            ? html`<p class="small muted">
                The loss rises within an epoch and drops at its end: late in an epoch, the remaining pairs are those that
                the model saw longest ago.
              </p>`
            : nothing}
          <tt-epoch-table .reports=${session.epochs} .popularity=${session.popularity}></tt-epoch-table>
          <tt-step-profile .trainer=${trainer} .run=${session.run} .phase=${phase} ?blocked=${this.comparing}></tt-step-profile>
          <p class="unseen" role="status">${this.#spoken()}</p>
        </section>
        <section class="side settings" aria-labelledby="settings">
          <h2 id="settings">Settings</h2>
          <tt-run-settings
            .specs=${specs}
            .presets=${session.presets}
            .settings=${settings}
            .about=${about}
            ?saved=${this.dataSet.resume !== undefined}
            .refused=${refusedBy(session.error)}
            ?disabled=${busy}
            @settings=${({ detail }: CustomEvent<Settings>) => this.#do(() => session.configure(detail))}
          ></tt-run-settings>
        </section>
        <section class="ask" aria-labelledby="ask" ?hidden=${trainer === undefined}>
          <h2 id="ask">Ask the model</h2>
          <p class="muted small">${this.#learnt()}</p>
          <tt-ask-panel .trainer=${trainer} .version=${session.version} .words=${this.dataSet.words} @whom=${({ detail }: CustomEvent<string | undefined>) => (this.user = detail)}></tt-ask-panel>
        </section>
        <section class="see" aria-labelledby="see" ?hidden=${trainer === undefined}>
          <h2 id="see">See it learn</h2>
          <tt-pictures
            .trainer=${trainer}
            .run=${session.run}
            .version=${session.version}
            .epoch=${session.epochs.length}
            .user=${this.user}
            .phase=${phase}
            .words=${this.dataSet.words}
            ?trying=${trying !== undefined}
          ></tt-pictures>
        </section>
        ${this.hasPast
          ? html`<section class="past" aria-labelledby="past">
              <h2 id="past">Past runs</h2>
              <tt-past-runs
                .session=${session}
                @open=${({ detail }: CustomEvent<DataSet>) => this.#turn(detail)}
              ></tt-past-runs>
            </section>`
          : nothing}
        <section class="see" aria-labelledby="stories">
          <h2 id="stories">Six stories</h2>
          <p class="muted small">Each opens its data and its settings above; press Start there. The current run is kept among the past runs.</p>
          <tt-story-cards ?disabled=${this.comparing} @tell=${({ detail }: CustomEvent<string>) => this.#tell(detail)}></tt-story-cards>
        </section>
        <section class="compare" aria-labelledby="compare" ?hidden=${serves(about)}>
          <h2 id="compare">Compare strategies</h2>
          <p class="muted small">
            Trains the chosen strategies one after the other, from the same start and on the same data. The run above
            keeps its model.
          </p>
          <tt-compare-panel
            .dataSet=${this.dataSet}
            .specs=${specs}
            .settings=${settings}
            ?blocked=${busy}
            @busy=${({ detail }: CustomEvent<boolean>) => (this.comparing = detail)}
          ></tt-compare-panel>
        </section>
      </main>
      <tt-page-footer></tt-page-footer>
      ${this.dragging ? html`<div class="drop" aria-hidden="true">Drop the file to open it</div>` : nothing}
    `;
  }

  /** Opens the data and the settings of the address, if it has any. */
  async #begin(): Promise<void> {
    let [first, chosen] = [FIRST, DEFAULTS];
    if (location.hash.length > 1) {
      try {
        const { dataSet, settings } = linked(location.hash, await Trainer.options());
        [first, chosen] = [dataSet ?? first, settings];
      } catch (thrown) {
        this.problem = thrown instanceof Error ? thrown.message : String(thrown);
      }
    }
    await this.#session.open(first, chosen);
  }

  /** Data of the current run, else the data that is being opened. */
  private get dataSet(): DataSet {
    return this.#session.dataSet ?? this.#session.candidate?.dataSet ?? FIRST;
  }

  /** The current trial, while the run is tuned. */
  get #trial(): TrialRun | undefined {
    return this.#session.progress?.trial ? this.#session.trials.at(-1) : undefined;
  }

  /** Number of the run that could not be kept. */
  #unkept = -1;

  /** Keeps the current run before it is discarded. If that fails, the run is discarded when the visitor repeats the action. */
  async #rescue(): Promise<boolean> {
    const { run, epochs } = this.#session;
    if (epochs.length === 0 || this.#unkept === run) return true;
    const problem = await this.#past().then(
      (past) => past.rescue(),
      (thrown: unknown) => TwoTowerError.from(thrown).message,
    );
    if (problem === undefined) {
      this.outcome = "The previous run is in the list of past runs below.";
      return true;
    }
    this.#unkept = run;
    this.problem = `The current run was not discarded, because it could not be kept. ${problem} To discard it, repeat the action.`;
    return false;
  }

  /** Returns the list of past runs. It is loaded when there is a run to keep or to show. */
  async #past(): Promise<PastRuns> {
    await import("./past-runs.js");
    this.hasPast = true;
    await this.updateComplete;
    return this.pastRuns;
  }

  /** The page's state, as attributes of the element. */
  get #shared(): Attributes {
    return attributesOf({ dataSet: this.dataSet, settings: this.#session.settings });
  }

  /** Writes the state to the address, so that a reload and a link keep it. */
  override updated(): void {
    // Loaded on demand: most visits export no file.
    if (this.exporting) void import("./export-menu.js");
    const link = linkTo(this.#shared);
    // Browsers limit how often the address may be replaced.
    if (this.#session.specs.length > 0 && link !== location.href) history.replaceState(history.state, "", link);
  }

  /** Runs an action of the visitor. Removes the message of the last one. */
  #do(action: () => Promise<void> | void): void {
    this.problem = undefined;
    Promise.resolve(action()).catch((thrown: unknown) => (this.problem = TwoTowerError.from(thrown).message));
  }

  /** Saves the run and shows the outcome. */
  #save(put: (file: Uint8Array<ArrayBuffer>) => string | Promise<string>): void {
    this.#do(async () => {
      try {
        const file = await this.#session.trainer?.save();
        if (file) this.outcome = await put(file);
      } catch (thrown) {
        this.problem = TwoTowerError.from(thrown).message;
      }
    });
  }

  /** Opens a data set, without the options that another one was read and split with. */
  #turn(dataSet: DataSet): void {
    // Loaded on demand: most visitors open no files of their own.
    if (dataSet.own) void import("./data-preview.js");
    const { backend, values } = this.#session.settings;
    this.outcome = "";
    this.#do(() => this.#session.open(dataSet, { backend, values: withoutData(values) }));
  }

  /** Opens the run of a story and goes to it. */
  #tell(fragment: string): void {
    this.outcome = "";
    this.#do(async () => {
      const { dataSet, settings } = linked(fragment, await Trainer.options());
      await this.#session.open(dataSet ?? FIRST, settings);
      this.renderRoot.querySelector("tt-run-controls")?.scrollIntoView({ block: "center" });
    });
  }

  #take(files: readonly File[]): void {
    const set = ownSet(files);
    if ("problem" in set) this.problem = set.problem;
    else this.#turn(set);
  }

  /** Adds files to the data of the run. */
  #add(files: readonly File[]): void {
    const found = ownSource(files);
    if ("problem" in found) this.problem = found.problem;
    else {
      this.#do(async () => {
        this.outcome = "Adding it…";
        try {
          this.outcome = joined(await this.#session.extend(found.source), this.dataSet.words);
        } catch (thrown) {
          this.outcome = "";
          throw thrown;
        }
      });
    }
  }

  /** Messages for screen readers: changes of phase and the end of each epoch. */
  #spoken(): string {
    const { phase, epochs, progress, trainer } = this.#session;
    if (serves(trainer?.about)) return SERVES;
    const last = epochs.at(-1);
    const measured = last ? `Epoch ${last.epoch} of ${String(progress?.epochs ?? last.epoch)}: recall at 20 is ${share(last["recall@20"])}.` : "";
    const said = { opening: "Reading the data.", ready: "Ready to train.", waiting: "Waiting for another trainer.", training: "Training.", paused: "Paused.", finished: "Finished.", failed: "" };
    return `${said[phase]} ${measured}`;
  }

  #learnt(): string {
    const { epochs, progress, trainer } = this.#session;
    if (serves(trainer?.about)) return "The answers are those of the trained run that this run was saved from.";
    if (progress?.trial) return "Tuning tries temperatures first and discards those models. Answers come after the tuning.";
    if (progress === undefined && epochs.length === 0) return "The model is not trained yet, so its answers are random. They change as it trains.";
    return epochs.length === 0
      ? "The model is training. Its answers change at the end of each epoch."
      : `Answers after ${epochs.length === 1 ? "1 epoch" : `${epochs.length} epochs`}.`;
  }

  readonly #changed = (): void => {
    this.requestUpdate();
    const { epochs, trials, error, trainer, dataSet } = this.#session;
    if (dataSet?.own) this.own = dataSet;
    // Loaded when the page can be used, or on demand: before the first epoch there is no run to keep.
    if (trainer) void import("./later.js");
    if (trials.length > 0) void import("../panels/trials-chart.js");
    if (!this.hasPast && (epochs.length > 0 || (trainer && hasPastRuns()))) void this.#past().catch(() => undefined);
    if (error) this.outcome = "";
  };

  /** Asks before the visitor leaves the page, if a trained run is not kept. */
  readonly #leaving = (event: BeforeUnloadEvent): void => {
    const { isTrained, epochs } = this.#session;
    if (isTrained && epochs.length > 0 && !(this.pastRuns as PastRuns | null)?.isKept) event.preventDefault();
  };

  readonly #dragged = (event: DragEvent): void => {
    event.preventDefault();
    this.dragging = event.dataTransfer?.types.includes("Files") ?? false;
  };

  readonly #left = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.dragging = false;
  };

  readonly #dropped = (event: DragEvent): void => {
    event.preventDefault();
    this.dragging = false;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) this.#take(files);
  };
}

/** The counts of new data in a sentence. */
function joined({ users, items, train, validation, test, known }: Extension, { user, item }: DataSet["words"]): string {
  const held = validation + test > 0 ? `, ${count(validation + test)} to measure it` : "";
  const again = known > 0 ? ` ${plural(known, "pair")} of the file were in the run before.` : "";
  return `Added ${plural(train, "pair")} to train on${held}, with ${plural(users, `new ${user}`)} and ${plural(items, `new ${item}`)}.${again} Resume trains on all of it.`;
}

declare global {
  interface HTMLElementTagNameMap {
    "demo-page": DemoPage;
  }
}
