import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import { TwoTowerError } from "../index.js";
import { base } from "../panels/base.js";
import { WORDS } from "../panels/data-set.js";
import type { DataSet } from "../panels/data-set.js";
import { define } from "../panels/define.js";
import { plural, scaled, share } from "../panels/format.js";
import type { Session } from "../panels/session.js";
import { SWITCHES } from "../panels/options.js";
import { isOn } from "../panels/techniques.js";
import { setHasPastRuns } from "./has-past-runs.js";
import { BUDGET, changeRun, fileOf, keepRun, listRuns, type PastRun, removeRuns } from "./run-store.js";
import "./run-pair.js";
import { savedRun } from "./saved-run.js";

/** Minimum milliseconds between two copies of a run that trains. */
const OFTEN = 30_000;

/** Advice for every problem of storage. */
const WAY_OUT = "Save the run as a file to keep it.";

/** Number of runs to compare. */
const PAIR = 2;

/**
 * List of the runs that this browser keeps. A trained run is kept when it pauses, ends or is replaced by another one.
 * Visitors open, compare, rename and delete runs here. Sends `open` with a run as a data set.
 */
@define("tt-past-runs")
export class PastRuns extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        container-type: inline-size;
        display: grid;
        gap: 8px;
      }
      ul {
        display: grid;
        gap: 8px;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 4px 12px;
        align-items: center;
        padding: 8px 12px;
      }
      .name {
        max-width: 34em;
        min-height: 32px;
        border-color: transparent;
        background: none;
        padding-inline: 6px;
        margin-inline-start: -7px;
        font-weight: 550;
        text-overflow: ellipsis;
      }
      .name:hover,
      .name:focus {
        border-color: var(--edge);
      }
      .told {
        overflow-wrap: anywhere;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .button {
        min-height: 32px;
        padding: 0 12px;
      }
      .pick {
        display: grid;
        place-items: center;
        width: 24px;
        height: 24px;
      }
      input[type="checkbox"] {
        width: 18px;
        height: 18px;
        margin: 0;
        accent-color: var(--accent);
      }
      @container (max-width: 560px) {
        .buttons {
          grid-column: 2 / -1;
        }
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @state() private runs: readonly PastRun[] = [];
  @state() private unreadable: readonly IDBValidKey[] = [];
  /** The reason if the last action on the storage failed. */
  @state() private problem: string | undefined;
  /** Ids of the runs to compare. */
  @state() private picked: readonly string[] = [];
  /** Id of the run to delete, while the page waits for confirmation. */
  @state() private leaving: string | undefined;

  /** The last copy of the current run: the run's number, the copy's id in the storage, and the pairs trained by then. */
  #at = { run: -1, id: "", pairs: 0, time: 0, isWanted: false, name: "" };
  /** The last action on the storage. The next one waits for it, because it reads the result. */
  #last: Promise<unknown> = Promise.resolve();

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.addEventListener("change", this.#changed);
    void this.#list();
    this.#changed();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.session.removeEventListener("change", this.#changed);
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("runs")) this.picked = this.picked.filter((id) => this.runs.some((run) => run.id === id));
  }

  override render(): TemplateResult {
    const { runs, unreadable } = this;
    const used = runs.reduce((sum, { size }) => sum + size, 0);
    const pair = this.picked.map((id) => runs.find((run) => run.id === id)).filter((run) => run !== undefined);
    return html`<p class="small muted">
        Runs are kept here when they pause, end or are replaced by another run. This browser keeps at most
        ${scaled(BUDGET, "B")} of runs and their data${used > 0 ? html`; ${scaled(used, "B")} are used` : nothing}. When it is
        full, the oldest runs are removed, except those that you kept or named.
      </p>
      <p class="small" role="status" ?hidden=${!this.problem}>${this.problem}</p>
      ${runs.length > 0 ? html`<ul>${runs.map((run) => this.#run(run))}</ul>` : nothing}
      ${unreadable.length > 0
        ? html`<p class="small">
            ${plural(unreadable.length, "record")} from another version of this page cannot be read.
            <button class="button small" @click=${() => this.#do(() => removeRuns(unreadable))}>Delete</button>
          </p>`
        : nothing}
      ${pair.length === PAIR
        ? html`<tt-run-pair .runs=${pair} .specs=${this.session.specs}></tt-run-pair>`
        : runs.length >= PAIR
          ? html`<p class="small muted">Tick two runs to compare them.</p>`
          : nothing}`;
  }

  #run(run: PastRun): TemplateResult {
    const isPicked = this.picked.includes(run.id);
    const isFull = this.picked.length === PAIR;
    const isLeaving = this.leaving === run.id;
    return html`<li class="card">
      <label class="pick">
        <input
          type="checkbox"
          aria-label="Compare ${run.name}"
          .checked=${isPicked}
          ?disabled=${isFull && !isPicked}
          @change=${() => (this.picked = isPicked ? this.picked.filter((id) => id !== run.id) : [...this.picked, run.id])}
        />
      </label>
      <div>
        <input
          class="field name"
          type="text"
          aria-label="Name of the run"
          maxlength="80"
          .value=${run.name}
          @change=${(event: Event) => this.#rename(run, (event.target as HTMLInputElement).value)}
        />
        <p class="told small muted figure">${told(run)}</p>
      </div>
      <div class="buttons">
        <button class="button small" aria-label="Open ${run.name}" @click=${() => this.#do(() => this.#open(run))}>Open</button>
        <button
          class="button small"
          aria-label=${isLeaving ? `Delete ${run.name} for good` : `Delete ${run.name}`}
          @click=${() => this.#delete(run)}
          @blur=${() => (this.leaving = undefined)}
        >
          ${isLeaving ? "For good?" : "Delete"}
        </button>
      </div>
    </li>`;
  }

  /** Whether the current run is kept in its latest state. */
  get isKept(): boolean {
    const { run, progress } = this.session;
    return this.#at.run === run && this.#at.pairs === progress?.pairs;
  }

  /** Keeps the current run until the visitor deletes it. Returns a sentence on the outcome. */
  async keep(): Promise<string> {
    const problem = await this.#keep(true);
    return problem ?? "Kept in this browser, in the list of past runs below.";
  }

  /** Keeps the current run before another one replaces it. Returns the reason if that failed. */
  async rescue(): Promise<string | undefined> {
    await this.#last;
    return this.isKept ? undefined : this.#keep(false);
  }

  readonly #changed = (): void => {
    const { session } = this;
    const { run, phase, epochs, progress } = session;
    if (this.#at.run !== run) this.#at = { run, id: `${String(Date.now())}-${String(Math.random()).slice(2)}`, pairs: session.pairsBefore, time: 0, isWanted: false, name: "" };
    if (epochs.length === 0 || this.isKept || this.#isKeeping) return;
    const isAtRest = phase === "paused" || phase === "finished";
    const isDue = phase === "training" && progress?.epochReport && Date.now() > this.#at.time + OFTEN;
    if (!session.stopping && (isAtRest || isDue)) void this.#keep(false);
  };

  #isKeeping = false;

  /** Keeps the current run. Returns the reason if that failed. */
  async #keep(isWanted: boolean): Promise<string | undefined> {
    const { session } = this;
    const { trainer, run, epochs, progress } = session;
    if (trainer === undefined || epochs.length === 0) return "There is no trained model to keep yet.";
    this.#isKeeping = true;
    const turn = this.#last.then(async () => {
      const at = this.#at;
      if (at.run !== run) return "Another run replaced this one before it was kept.";
      // Set before the attempt, so that a failure is not repeated at once.
      at.time = Date.now();
      try {
        const { about } = trainer;
        if (about.memoryBytes > 2 * BUDGET) throw new TwoTowerError("not-available", `This run is too large for the ${scaled(BUDGET, "B")} that the page keeps.`);
        const file = new Blob([await trainer.save()]);
        const { title, words, trainedOn } = session.dataSet ?? { title: "Data", words: WORDS };
        at.isWanted ||= isWanted;
        // A run that was opened from this list keeps its name.
        at.name ||= trainedOn === undefined ? nameOf(session, title) : title;
        const told: PastRun = {
          id: at.id,
          name: this.runs.find(({ id }) => id === at.id)?.name ?? at.name,
          isWanted: at.isWanted,
          time: Date.now(),
          data: trainedOn ?? title,
          words,
          config: about.config,
          epochs,
          final: session.final,
          popularity: session.popularity,
          curve: session.loss.points(),
          size: file.size,
        };
        await keepRun(told, file);
        if (this.#at === at) at.pairs = progress?.pairs ?? 0;
        setHasPastRuns(true);
        // Only if the visitor asked to keep the run: some browsers ask for permission. Without it, the run is kept as long as there is room.
        const { storage } = navigator as Partial<Navigator>;
        if (isWanted) void storage?.persist().catch(() => false);
        this.problem = undefined;
        await this.#relist();
        return undefined;
      } catch (thrown) {
        return (this.problem = `${TwoTowerError.from(thrown).message} ${WAY_OUT}`);
      }
    });
    this.#last = turn;
    try {
      return await turn;
    } finally {
      this.#isKeeping = false;
    }
  }

  async #open(run: PastRun): Promise<void> {
    const file = await fileOf(run.id);
    const { id, name: title, data, words, curve } = run;
    const detail = savedRun(file, { id, title, summary: `Trained on ${data}`, words, curve, trainedOn: data });
    this.dispatchEvent(new CustomEvent<DataSet>("open", { detail }));
  }

  #rename(run: PastRun, typed: string): void {
    const name = typed.trim() || run.name;
    const { id } = run;
    if (id === this.#at.id) Object.assign(this.#at, { name, isWanted: true });
    this.#do(() => changeRun({ ...run, name, isWanted: true }));
  }

  #delete(run: PastRun): void {
    if (this.leaving !== run.id) {
      this.leaving = run.id;
      return;
    }
    this.leaving = undefined;
    // If the current run is deleted, it is kept again only after more training.
    this.#do(() => removeRuns([run.id]));
  }

  /** Runs an action on the storage, then updates the list. */
  #do(work: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      this.problem = undefined;
      try {
        await work();
        await this.#relist();
      } catch (thrown) {
        this.problem = TwoTowerError.from(thrown).message;
      }
    });
  }

  #list(): Promise<void> {
    this.#do(() => Promise.resolve());
    return this.#last as Promise<void>;
  }

  async #relist(): Promise<void> {
    ({ runs: this.runs, unreadable: this.unreadable } = await listRuns());
    setHasPastRuns(this.runs.length + this.unreadable.length > 0);
  }
}

/** Returns a name: the data, and the techniques that are on. */
function nameOf({ settings }: Session, data: string): string {
  const on = SWITCHES.filter((technique) => isOn(technique, settings.values)).map(({ name }) => name);
  return [data, ...on].join(", ").slice(0, 80);
}

/** Describes a run in a line. */
function told({ epochs, config, final, data, name, size, time }: PastRun): string {
  const measured = final?.["recall@20"] === undefined ? epochs.at(-1) : final;
  const done = epochs.length < config.epochs && !final ? `${String(epochs.length)} of ${plural(config.epochs, "epoch")}` : plural(epochs.length, "epoch");
  const of = name.startsWith(data) ? [] : [data];
  const when = new Date(time).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
  return [...of, done, `recall@20 ${share(measured?.["recall@20"])}`, `NDCG@20 ${share(measured?.["ndcg@20"])}`, scaled(size, "B"), when].join(" · ");
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-past-runs": PastRuns;
  }
}
