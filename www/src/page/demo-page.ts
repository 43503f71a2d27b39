import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";

import type { Attributes } from "../element/address.js";
import { Trainer, TwoTowerError } from "../index.js";
import "../panels/ask-panel.js";
import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import "../panels/compare-panel.js";
import "./data-picker.js";
import { type DataSet, FIRST } from "../panels/data-set.js";
import { fileName, give, MODEL } from "./downloads.js";
import "../panels/epoch-table.js";
import "../panels/error-note.js";
import { share } from "../panels/format.js";
import "./keep-bar.js";
import { attributesOf, linked, linkTo } from "./link.js";
import { ownSet } from "./own-files.js";
import "./page-footer.js";
import "./page-header.js";
import "../panels/run-charts.js";
import "../panels/run-controls.js";
import "./run-settings.js";
import { keep, kept } from "./saved-run.js";
import "./share-bar.js";
import { Session } from "../panels/session.js";
import { DEFAULTS, type Settings, withoutData } from "../panels/settings.js";
import "../panels/step-profile.js";
import { MOST } from "../panels/strategies.js";

/** The whole page: data and settings at the side, the run and what it gives in the middle. */
@define("demo-page")
export class DemoPage extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        container-type: inline-size;
        max-width: 1240px;
        margin: 0 auto;
        padding: 0 clamp(16px, 3vw, 40px);
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
      .compare {
        display: grid;
        gap: 8px;
        margin-bottom: 64px;
      }
      tt-compare-panel {
        margin-top: 8px;
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
  @state() private dataSet = FIRST;
  /** Why what the visitor asked for last was not even tried. */
  @state() private problem: string | undefined;
  @state() private dragging = false;
  @state() private comparing = false;
  @state() private exporting = false;
  /** The run that this browser keeps. */
  @state() private kept: DataSet | undefined;
  /** What became of the last wish to keep a model. */
  @state() private outcome = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.#session.addEventListener("change", this.#changed);
    addEventListener("dragover", this.#dragged);
    addEventListener("dragleave", this.#left);
    addEventListener("drop", this.#dropped);
    void this.#begin();
    void kept().then((found) => (this.kept = found));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session.removeEventListener("change", this.#changed);
    removeEventListener("dragover", this.#dragged);
    removeEventListener("dragleave", this.#left);
    removeEventListener("drop", this.#dropped);
    this.#session.close();
  }

  override render(): TemplateResult {
    const session = this.#session;
    const { phase, trainer, specs, settings } = session;
    const about = trainer?.about;
    const { user, item } = this.dataSet.words;
    const busy = phase === "training";
    const epochs = session.progress?.epochs ?? about?.config.epochs ?? 1;
    return html`
      <tt-page-header user=${user} item=${item}></tt-page-header>
      <main>
        <section class="side data" aria-labelledby="data">
          <h2 id="data">Data</h2>
          <tt-data-picker
            .picked=${this.dataSet}
            .kept=${this.kept}
            .data=${about?.data}
            @pick=${({ detail }: CustomEvent<DataSet>) => this.#turn(detail)}
            @files=${({ detail }: CustomEvent<File[]>) => this.#take(detail)}
          ></tt-data-picker>
        </section>
        <section class="run" aria-label="Training">
          <tt-error-note .message=${this.problem ?? session.error?.message}></tt-error-note>
          ${this.dataSet.own
            ? html`<tt-data-preview
                .dataSet=${this.dataSet}
                .about=${about}
                .error=${session.error}
                .specs=${specs}
                .settings=${settings}
                ?disabled=${busy}
                @settings=${({ detail }: CustomEvent<Settings>) => this.#do(() => session.configure(detail))}
              ></tt-data-preview>`
            : nothing}
          <tt-run-controls
            class="card"
            .phase=${phase}
            .about=${about}
            .progress=${session.progress}
            .pairsPerSecond=${session.pairsPerSecond}
            .epochs=${epochs}
            .had=${session.had}
            .stale=${session.stale}
            ?blocked=${this.comparing}
            @start=${() => this.#do(() => session.start())}
            @pause=${() => session.pause()}
            @reset=${() => this.#do(() => session.reset())}
          ></tt-run-controls>
          <tt-keep-bar
            ?disabled=${session.epochs.length === 0}
            outcome=${this.outcome}
            @keep=${() => this.#save(async (file) => {
              this.kept = await keep(file, this.dataSet);
              return "Kept in this browser, among the data sets.";
            })}
            @save=${() => this.#save((file) => {
              give(new Blob([file]), fileName(this.dataSet, MODEL));
              return "Saved. Open it as a file of your own to go on from it; it has the data in it.";
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
                  .epochs=${session.epochs.length}
                ></tt-export-menu>`
              : nothing}
          </details>
          ${location.protocol === "file:" ? nothing : html`<tt-share-bar .shared=${this.#shared}></tt-share-bar>`}
          <tt-run-charts
            .loss=${session.loss.points()}
            .reports=${session.epochs}
            .popularity=${session.popularity}
            .final=${session.final}
            .epochs=${epochs}
            ?validated=${(about?.data.validation ?? 0) > 0}
          ></tt-run-charts>
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
            ?disabled=${busy}
            @settings=${({ detail }: CustomEvent<Settings>) => this.#do(() => session.configure(detail))}
          ></tt-run-settings>
        </section>
        <section class="ask" aria-labelledby="ask" ?hidden=${trainer === undefined}>
          <h2 id="ask">Ask the model</h2>
          <p class="muted small">${this.#learnt()}</p>
          <tt-ask-panel .trainer=${trainer} .version=${session.version} .words=${this.dataSet.words}></tt-ask-panel>
        </section>
      </main>
      <section class="compare" aria-labelledby="compare">
        <h2 id="compare">Compare strategies</h2>
        <p class="muted small">
          Trains up to ${MOST} of them, one after the other, from the same start on the same data. The run above keeps its
          model.
        </p>
        <tt-compare-panel
          .dataSet=${this.dataSet}
          .specs=${specs}
          .settings=${settings}
          ?blocked=${busy}
          @busy=${({ detail }: CustomEvent<boolean>) => (this.comparing = detail)}
        ></tt-compare-panel>
      </section>
      <tt-page-footer></tt-page-footer>
      ${this.dragging ? html`<div class="drop" aria-hidden="true">Drop to train on it</div>` : nothing}
    `;
  }

  /** Opens the data and the settings of the address, if it has any. */
  async #begin(): Promise<void> {
    if (location.hash.length > 1) {
      try {
        const { dataSet, settings } = linked(location.hash, await Trainer.options());
        this.dataSet = dataSet ?? this.dataSet;
        this.#session.settle(settings);
      } catch (thrown) {
        this.problem = thrown instanceof Error ? thrown.message : String(thrown);
      }
    }
    await this.#session.open(this.dataSet);
  }

  /** The page's state, as attributes of the element. */
  get #shared(): Attributes {
    return attributesOf({ dataSet: this.dataSet, settings: this.#session.settings });
  }

  /** Keeps the state in the address, so that a reload and a link have it. */
  override updated(): void {
    // Loaded when it is asked for: most visits end without a file.
    if (this.exporting) void import("./export-menu.js");
    const link = linkTo(this.#shared);
    // Browsers refuse to replace it many times a second.
    if (this.#session.specs.length > 0 && link !== location.href) history.replaceState(history.state, "", link);
  }

  /** Does what the visitor asks for; what was refused before is no matter now. */
  #do(action: () => Promise<void>): void {
    this.problem = undefined;
    void action();
  }

  /** Saves the run, and tells what came of it. */
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

  /** Opens a data set. How another one was read and split says nothing of it. */
  #turn(dataSet: DataSet): void {
    // Loaded when it is needed: most visits have no files of their own.
    if (dataSet.own) void import("./data-preview.js");
    const { backend, values } = this.#session.settings;
    this.#session.settle({ backend, values: withoutData(values) });
    this.dataSet = dataSet;
    this.outcome = "";
    this.#do(() => this.#session.open(dataSet));
  }

  #take(files: readonly File[]): void {
    const set = ownSet(files);
    if ("problem" in set) this.problem = set.problem;
    else this.#turn(set);
  }

  /** What a screen reader hears of the run: its turns and the end of each epoch. */
  #spoken(): string {
    const { phase, epochs, progress } = this.#session;
    const last = epochs.at(-1);
    const measured = last ? `Epoch ${last.epoch} of ${String(progress?.epochs)}: recall at 20 is ${share(last["recall@20"])}.` : "";
    const said = { opening: "Reading the data.", ready: "Ready to train.", waiting: "Waits for another trainer.", training: "Training.", paused: "Paused.", finished: "Finished.", failed: "" };
    return `${said[phase]} ${measured}`;
  }

  #learnt(): string {
    const { epochs, progress } = this.#session;
    if (progress === undefined && epochs.length === 0) return "It has learnt nothing yet, so its answers are random. Watch them change as it trains.";
    return epochs.length === 0
      ? "It is learning; the answers follow at the end of each epoch."
      : `Its answers after ${epochs.length === 1 ? "1 epoch" : `${epochs.length} epochs`}.`;
  }

  readonly #changed = (): void => {
    this.requestUpdate();
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

declare global {
  interface HTMLElementTagNameMap {
    "demo-page": DemoPage;
  }
}
