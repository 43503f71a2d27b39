import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { type OptionSpec, Trainer } from "../index.js";
import "./ask-panel.js";
import { base } from "./base.js";
import "./data-picker.js";
import { type DataSet, FIRST } from "./data-set.js";
import "./epoch-table.js";
import "./error-note.js";
import { share } from "./format.js";
import { ownSet } from "./own-files.js";
import "./page-footer.js";
import "./run-charts.js";
import "./run-controls.js";
import "./run-settings.js";
import { Session } from "./session.js";
import type { Settings } from "./settings.js";

/** The whole page: data and settings at the side, the run and what it gives in the middle. */
@customElement("demo-page")
export class DemoPage extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        max-width: 1240px;
        margin: 0 auto;
        padding: 0 clamp(16px, 3vw, 40px);
      }
      .head {
        display: grid;
        gap: 10px;
        padding: clamp(24px, 5vw, 52px) 0 clamp(20px, 3vw, 36px);
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 8px;
        font-weight: 600;
        letter-spacing: 0.01em;
      }
      svg {
        width: 20px;
        fill: var(--ink);
      }
      circle {
        fill: var(--accent);
      }
      h1 {
        max-width: 20ch;
        font: 500 clamp(2rem, 5vw, 3.125rem) / 1.08 var(--serif);
        letter-spacing: -0.018em;
        text-wrap: balance;
      }
      .lead {
        max-width: 62ch;
        font-size: 1.0625rem;
        color: var(--muted);
        text-wrap: pretty;
      }
      .columns {
        display: grid;
        gap: 28px;
      }
      .run {
        grid-template-columns: 272px minmax(0, 1fr);
        grid-template-areas: "data main" "settings main";
        grid-template-rows: auto 1fr;
        gap: 28px 40px;
      }
      .data {
        grid-area: data;
      }
      .settings {
        grid-area: settings;
      }
      .main {
        grid-area: main;
        display: grid;
        align-content: start;
        gap: 16px;
        min-width: 0;
      }
      .side h2 {
        margin-bottom: 12px;
        font: 600 0.875rem/1.4 var(--sans);
      }
      .ask {
        display: grid;
        gap: 12px;
        margin: 56px 0 64px;
        scroll-margin-top: 24px;
      }
      .ask h2 {
        font-size: 1.75rem;
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
        .run {
          grid-template-columns: minmax(0, 1fr);
          grid-template-areas: "data" "main" "settings";
          grid-template-rows: none;
        }
      }
    `,
  ];

  readonly #session = new Session({ backend: "auto", values: {} });
  @state() private specs: readonly OptionSpec[] = [];
  @state() private dataSet = FIRST;
  @state() private problem: string | undefined;
  @state() private dragging = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#session.addEventListener("change", this.#changed);
    addEventListener("dragover", this.#dragged);
    addEventListener("dragleave", this.#left);
    addEventListener("drop", this.#dropped);
    void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session.removeEventListener("change", this.#changed);
    removeEventListener("dragover", this.#dragged);
    removeEventListener("dragleave", this.#left);
    removeEventListener("drop", this.#dropped);
    this.#session.trainer?.destroy();
  }

  override render(): TemplateResult {
    const session = this.#session;
    const { phase, trainer, settings } = session;
    const { user, item } = this.dataSet.words;
    const busy = phase === "training";
    const epochs = session.progress?.epochs ?? trainer?.about.config.epochs ?? 1;
    return html`
      <header class="head">
        <p class="brand small">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M4 28V13h8v15zM20 28V13h8v15z" />
            <circle cx="16" cy="6.5" r="3.5" />
          </svg>
          twotower
        </p>
        <h1>Train a recommender in this page</h1>
        <p class="lead">
          One tower learns a place for every ${user}, the other for every ${item}, so that the two end up close where
          they belong together. It trains on your own machine, on its GPU or CPU, while you watch.
        </p>
      </header>
      <main>
        <div class="columns run">
          <section class="side data" aria-labelledby="data">
            <h2 id="data">Data</h2>
            <data-picker
              .picked=${this.dataSet}
              .data=${trainer?.about.data}
              @pick=${({ detail }: CustomEvent<DataSet>) => this.#turn(detail)}
              @files=${({ detail }: CustomEvent<File[]>) => this.#take(detail)}
            ></data-picker>
          </section>
          <section class="main" aria-label="Training">
            <error-note .message=${this.problem ?? session.error?.message}></error-note>
            <run-controls
              class="card"
              .phase=${phase}
              .about=${trainer?.about}
              .progress=${session.progress}
              .pairsPerSecond=${session.pairsPerSecond}
              .epochs=${epochs}
              .stale=${session.stale}
              @start=${() => session.start()}
              @pause=${() => session.pause()}
              @reset=${() => session.reset()}
            ></run-controls>
            <run-charts
              .loss=${session.loss}
              .reports=${session.epochs}
              .popularity=${session.popularity}
              .epochs=${epochs}
            ></run-charts>
            <epoch-table .reports=${session.epochs} .popularity=${session.popularity}></epoch-table>
            <p class="unseen" role="status">${this.#spoken()}</p>
          </section>
          <section class="side settings" aria-labelledby="settings">
            <h2 id="settings">Settings</h2>
            <run-settings
              .specs=${this.specs}
              .settings=${settings}
              ?reading=${!this.dataSet.given}
              ?disabled=${busy}
              @settings=${({ detail }: CustomEvent<Settings>) => session.configure(detail)}
            ></run-settings>
          </section>
        </div>
        <section class="ask" aria-labelledby="ask" ?hidden=${trainer === undefined}>
          <h2 id="ask">Ask the model</h2>
          <p class="muted small">${this.#learnt()}</p>
          <ask-panel .trainer=${trainer} .version=${session.epochs.length} .words=${this.dataSet.words}></ask-panel>
        </section>
      </main>
      <page-footer></page-footer>
      ${this.dragging ? html`<div class="drop" aria-hidden="true">Drop to train on it</div>` : nothing}
    `;
  }

  async #open(): Promise<void> {
    void this.#session.open(this.dataSet);
    this.specs = await Trainer.options().catch(() => []);
  }

  #turn(dataSet: DataSet): void {
    this.problem = undefined;
    this.dataSet = dataSet;
    void this.#session.open(dataSet);
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
    const said = { opening: "Reading the data.", ready: "Ready to train.", training: "Training.", paused: "Paused.", finished: "Finished.", failed: "" };
    return `${said[phase]} ${measured}`;
  }

  #learnt(): string {
    const { epochs, progress } = this.#session;
    if (progress === undefined) return "It has learnt nothing yet, so its answers are random. Watch them change as it trains.";
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
