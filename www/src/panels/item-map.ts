import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { type Item, type Recommendation, type Trainer, TwoTowerError } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { capital, count, indefinite, plural } from "./format.js";
import "./item-list.js";
import { columnsOf } from "./map/catalogue.js";
import { byCluster, byFeature, byPopularity, COLOURS, type Colouring } from "./map/colouring.js";
import { extentOf, type Frame } from "./map/frames.js";
import type { Marks, MapView } from "./map/map-view.js";
import "./map/map-view.js";
import type { Matrix } from "./map/matrix.js";
import { turned } from "./map/plane.js";
import { Timeline } from "./map/timeline.js";
import type { Choice } from "./search-box.js";
import "./search-box.js";

/** Number of neighbours in a list. */
const K = 10;
/** Maximum number of results of a search. */
const FOUND = 30;
/** Milliseconds that each frame is shown while the epochs are played. */
const BEAT = 900;
/** Maximum number of items that can be laid out by neighbourhoods. */
const MOST_LAID_OUT = 10_000;

const FIXED = [
  ["popularity", "Popularity"],
  ["cluster", "Groups of neighbours"],
] as const;

/** Lays vectors out on a plane so that neighbours stay neighbours. Calls `told` with the share that is done. */
export type Layout = (matrix: Matrix, told: (share: number) => void, signal: AbortSignal) => Promise<Float32Array>;

/** The items as points that move while the model learns. Items with similar vectors lie close together. */
@define("tt-item-map")
export class ItemMap extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        container-type: inline-size;
        --g0: light-dark(#1f6a8c, #6fbfe0);
        --g1: light-dark(#b83f17, #f2946b);
        --g2: light-dark(#55741a, #a8c866);
        --g3: light-dark(#84468c, #d79fdc);
        --g4: light-dark(#8a6100, #e3b84f);
        --g5: light-dark(#0f7a68, #57cbb6);
        --g6: light-dark(#b02a63, #f08bb2);
        --g7: light-dark(#6a6459, #a39b8c);
        --s0: light-dark(#9fc6d8, #2c5163);
        --s1: light-dark(#6aa4bf, #3f7389);
        --s2: light-dark(#3b81a3, #5698b3);
        --s3: light-dark(#1c6080, #7ebfda);
        --s4: light-dark(#0a3b54, #c2e7f5);
      }
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 260px;
        gap: 16px;
        align-items: start;
      }
      .card {
        padding: 8px;
      }
      .below,
      .legend {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 16px;
      }
      .below {
        padding: 10px 6px 4px;
      }
      .time {
        display: flex;
        flex: 1 1 260px;
        align-items: center;
        gap: 10px;
      }
      .time input {
        flex: 1;
        min-width: 80px;
        accent-color: var(--accent);
      }
      .below .button {
        min-height: 32px;
        padding: 0 12px;
        font-weight: 400;
      }
      .colour {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      .colour .field {
        width: auto;
        min-height: 32px;
      }
      .legend {
        gap: 2px 4px;
        padding: 4px 6px;
      }
      .legend button {
        display: flex;
        align-items: center;
        gap: 6px;
        min-height: 24px;
        padding: 2px 8px;
        border: 1px solid transparent;
        border-radius: 99px;
        background: none;
      }
      .legend button:hover {
        background: var(--sunken);
      }
      .legend [aria-pressed="true"] {
        border-color: var(--edge);
        background: var(--sunken);
      }
      .key {
        width: 10px;
        height: 10px;
        forced-color-adjust: none;
      }
      .side {
        display: grid;
        gap: 10px;
        min-width: 0;
      }
      .near {
        padding: 10px 6px;
      }
      .near > :not(tt-item-list) {
        padding: 0 10px;
      }
      @container (max-width: 720px) {
        .body {
          grid-template-columns: minmax(0, 1fr);
        }
        tt-map-view {
          --map-height: 340px;
        }
      }
    `,
  ];

  @property({ attribute: false }) trainer: Trainer | undefined;
  /** Counts the runs. */
  @property({ type: Number }) run = 0;
  /** Changes when the model changes. */
  @property({ type: Number }) version = 0;
  /** Number of trained epochs. */
  @property({ type: Number }) epoch = 0;
  /** Id of the user to show among the items. */
  @property() user: string | undefined;
  @property({ attribute: false }) words = { user: "user", item: "item" };
  /** Lays out neighbourhoods; undefined if the page cannot do that. */
  @property({ attribute: false }) layout: Layout | undefined;
  @query("tt-map-view") private readonly view!: MapView | null;

  @state() private timeline: Timeline | undefined;
  /** The epoch that the reader selected; undefined for the latest one. */
  @state() private looked: number | undefined;
  @state() private by = "popularity";
  @state() private colouring: Colouring | undefined;
  /** The group that stands out, if the reader selected one. */
  @state() private only: number | undefined;
  @state() private chosen: number | undefined;
  @state() private near: readonly Recommendation[] = [];
  @state() private recommended: readonly Recommendation[] = [];
  @state() private problem: string | undefined;
  @state() private playing = false;
  /** A layout of the latest vectors by neighbourhoods, or the share of it that is done. */
  @state() private laidOut: Float32Array | number | undefined;

  #life = new AbortController();
  #layout = new AbortController();
  #rows = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#life.abort();
    this.#stop();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#begin();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("run") || changed.has("trainer")) this.#begin();
    else if (changed.has("version") || changed.has("user")) this.#take();
  }

  override render(): TemplateResult {
    const { item } = this.words;
    const frame = this.#frame;
    const entries = this.timeline?.entries ?? [];
    const find = `Find ${indefinite(item)} by title`;
    const colouring = this.colouring;
    return html`<div class="body">
      <div class="card">
        <tt-map-view
          .points=${this.#points(frame)}
          .groups=${colouring?.of ?? new Uint8Array()}
          .colours=${(colouring?.labels ?? []).map((_, group) => ({ name: colourOf(group, colouring), shown: this.only === undefined || this.only === group }))}
          .marks=${this.#marks(frame)}
          .titleOf=${(ix: number) => entries[ix]?.title ?? ""}
          label=${this.#label(frame)}
          @pick=${({ detail }: CustomEvent<number>) => this.#choose(detail)}
        ></tt-map-view>
        ${this.#below(frame)} ${colouring ? this.#legend(colouring) : nothing}
      </div>
      <div class="side">
        <tt-search-box label=${find} placeholder=${find} .find=${this.#find} @pick=${this.#found}></tt-search-box>
        ${this.#neighbours()} ${this.problem ? html`<p class="small" role="status">${this.problem}</p>` : nothing}
      </div>
    </div>`;
  }

  /** The frame that is shown. */
  get #frame(): Frame | undefined {
    const frames = this.timeline?.frames ?? [];
    return frames.find(({ epoch }) => epoch === this.looked) ?? frames.at(-1);
  }

  #points(frame: Frame | undefined): Float32Array {
    if (this.laidOut instanceof Float32Array && this.looked === undefined) return this.laidOut;
    return frame?.points ?? NONE;
  }

  #marks(frame: Frame | undefined): Marks {
    const isLatest = this.looked === undefined;
    const linked = this.chosen === undefined ? (frame?.user ? this.recommended : []) : this.near;
    return {
      chosen: this.chosen,
      linked: isLatest ? linked.flatMap(({ item }) => this.#rows.get(item) ?? []) : [],
      user: this.laidOut instanceof Float32Array ? undefined : frame?.user,
    };
  }

  #label(frame: Frame | undefined): string {
    const { item } = this.words;
    const { entries = [] } = this.timeline ?? {};
    if (frame === undefined) return `Map of ${item}s: it is being read`;
    const chosen = this.chosen === undefined ? "" : ` ${entries[this.chosen]?.title ?? ""} is chosen.`;
    return `Map of ${plural(entries.length, item)} ${after(frame.epoch)}.${chosen} Arrow keys go from ${item} to ${item}, Enter chooses.`;
  }

  #below(frame: Frame | undefined): TemplateResult {
    const frames = this.timeline?.frames ?? [];
    const ix = frame ? frames.indexOf(frame) : 0;
    const columns = columnsOf(this.timeline?.entries ?? []).map((column) => [`feature ${column}`, capital(column)] as const);
    return html`<div class="below small">
      <div class="time">
        <button class="button" ?disabled=${frames.length < 2} @click=${this.playing ? this.#stop : this.#play}>${this.playing ? "Stop" : "Play"}</button>
        <input
          type="range"
          aria-label="Epoch"
          aria-valuetext=${frame ? after(frame.epoch) : "none"}
          min="0"
          max=${Math.max(1, frames.length - 1)}
          .value=${String(ix)}
          ?disabled=${frames.length < 2}
          @input=${({ target }: Event) => this.#look(Number((target as HTMLInputElement).value))}
        />
        <span class="figure">${frame ? after(frame.epoch) : "reading…"}</span>
      </div>
      <label class="colour">
        Colour
        <select class="field" @change=${({ target }: Event) => this.#colour((target as HTMLSelectElement).value)}>
          ${[...FIXED, ...columns].map(([id, label]) => html`<option value=${id} .selected=${id === this.by}>${label}</option>`)}
        </select>
      </label>
      ${this.layout ? this.#layoutButton() : nothing}
    </div>`;
  }

  #layoutButton(): TemplateResult {
    const { laidOut } = this;
    if (typeof laidOut === "number") return html`<button class="button" @click=${this.#endLayout}>Stop (${Math.round(100 * laidOut)} %)</button>`;
    if (laidOut) return html`<button class="button" @click=${this.#endLayout}>Back to the axes</button>`;
    const few = (this.timeline?.matrix?.rows ?? 0) <= MOST_LAID_OUT;
    return html`<button class="button" ?disabled=${!few || this.looked !== undefined || !this.timeline?.matrix} @click=${this.#layOut}>
      Lay out neighbourhoods (UMAP)
    </button>`;
  }

  #legend(colouring: Colouring): TemplateResult {
    return html`<div class="legend small figure" role="group" aria-label="Show one group">
      ${colouring.labels.map(
        (label, group) => html`<button
          aria-pressed=${this.only === group ? "true" : "false"}
          @click=${() => (this.only = this.only === group ? undefined : group)}
        >
          <svg class="key" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="var(${colourOf(group, colouring)})" /></svg><bdi>${label}</bdi>
        </button>`,
      )}
    </div>`;
  }

  #neighbours(): TemplateResult {
    const { user, item } = this.words;
    const entry = this.chosen === undefined ? undefined : this.timeline?.entries[this.chosen];
    if (entry) {
      return html`<section class="card near">
        <h3>Near <bdi>${entry.title}</bdi></h3>
        <p class="small muted figure">${plural(entry.pairs, "training pair")}</p>
        <tt-item-list .items=${this.near} @pick=${this.#listed}></tt-item-list>
      </section>`;
    }
    return html`<section class="card near small">
      <h3>How to read it</h3>
      <p class="muted">
        Each point is ${indefinite(item)}. The model gives it ${this.timeline?.matrix ? `${count(this.timeline.matrix.width)} ` : ""}numbers; the map shows
        the two directions in which they differ most. ${capital(item)}s that suit the same ${user}s move together. Choose a point to
        see its neighbours.${this.#frame?.user ? ` The full dot is ${user} ${this.user ?? ""}, with lines to the recommended ${item}s.` : ""}
      </p>
    </section>`;
  }

  /** Starts over with the current run. */
  #begin(): void {
    this.#life.abort();
    this.#stop();
    const { signal } = (this.#life = new AbortController());
    this.looked = this.chosen = this.colouring = this.only = undefined;
    this.near = this.recommended = [];
    this.#endLayout();
    this.timeline = this.trainer && new Timeline(signal, () => void this.#taken(signal));
    this.#take();
  }

  #take(): void {
    const { trainer, epoch, user } = this;
    const { signal } = this.#life;
    if (trainer) this.timeline?.take({ trainer, epoch, user }).catch((thrown: unknown) => this.#failed(thrown, signal));
  }

  async #taken(signal: AbortSignal): Promise<void> {
    const { timeline } = this;
    if (timeline === undefined) return;
    this.#rows = new Map(timeline.entries.map(({ item }, row) => [item, row]));
    if (this.laidOut !== undefined) this.#endLayout();
    this.requestUpdate();
    try {
      if (this.colouring === undefined || this.by === "cluster") await this.#colour(this.by);
      await this.#ask();
    } catch (thrown) {
      this.#failed(thrown, signal);
    }
  }

  /** Asks the model for the neighbours of the chosen item and for recommendations to the user. */
  async #ask(): Promise<void> {
    const { trainer, chosen, user, timeline } = this;
    const item = chosen === undefined ? undefined : timeline?.entries[chosen]?.item;
    const [near, recommended] = await Promise.all([
      item === undefined ? [] : trainer?.similar(item, K),
      user === undefined ? [] : trainer?.recommend({ user }, K),
    ]);
    if (chosen === this.chosen && trainer === this.trainer) [this.near, this.recommended] = [near ?? [], recommended ?? []];
  }

  #failed(thrown: unknown, { aborted }: AbortSignal): void {
    const { code, message } = TwoTowerError.from(thrown);
    if (!aborted && code !== "destroyed") this.problem = message;
  }

  async #colour(by: string): Promise<void> {
    const { timeline } = this;
    if (timeline === undefined) return;
    if (by !== this.by) this.only = undefined;
    this.by = by;
    if (by === "cluster") {
      const clusters = await timeline.clusters();
      if (clusters && timeline === this.timeline) this.colouring = byCluster(clusters);
    } else this.colouring = by === "popularity" ? byPopularity(timeline.entries) : byFeature(timeline.entries, by.slice("feature ".length));
  }

  readonly #find = async (text: string): Promise<Choice[]> => {
    const found = (await this.trainer?.items(text, FOUND).catch(() => undefined)) ?? [];
    return found.map(({ item, title }) => ({ id: item, label: title ?? item }));
  };

  readonly #found = ({ detail: { id } }: CustomEvent<Choice>): void => this.#flyTo(id);

  readonly #listed = ({ detail: { item } }: CustomEvent<Item>): void => this.#flyTo(item);

  #flyTo(item: string): void {
    const row = this.#rows.get(item);
    if (row === undefined) return;
    this.#choose(row);
    this.view?.fly(row);
  }

  #choose(row: number): void {
    this.chosen = row === this.chosen ? undefined : row;
    this.near = [];
    const { signal } = this.#life;
    this.#ask().catch((thrown: unknown) => this.#failed(thrown, signal));
  }

  #look(ix: number): void {
    const frames = this.timeline?.frames ?? [];
    this.looked = ix >= frames.length - 1 ? undefined : frames[ix]?.epoch;
  }

  /** Shows one epoch after the other, from the first. */
  readonly #play = (): void => {
    this.playing = true;
    let ix = 0;
    const next = (): void => {
      this.#look(ix++);
      if (this.looked === undefined && ix > 1) this.#stop();
      else this.#timer = setTimeout(next, BEAT);
    };
    next();
  };

  readonly #stop = (): void => {
    clearTimeout(this.#timer);
    this.playing = false;
  };

  readonly #layOut = async (): Promise<void> => {
    const { layout, timeline } = this;
    const frame = timeline?.frames.at(-1);
    if (layout === undefined || timeline?.matrix === undefined || frame === undefined) return;
    const { signal } = (this.#layout = new AbortController());
    this.laidOut = 0;
    try {
      const points = await layout(timeline.matrix, (share) => signal.aborted || (this.laidOut = share), signal);
      const extent = extentOf(points);
      if (!signal.aborted) this.laidOut = turned(points.map((value) => value / extent), frame.points);
    } catch (thrown) {
      if (signal.aborted) return;
      this.laidOut = undefined;
      this.problem = TwoTowerError.from(thrown).message;
    }
  };

  readonly #endLayout = (): void => {
    this.#layout.abort();
    this.laidOut = undefined;
  };
}

const NONE = new Float32Array();

/** Returns the custom property of a group's colour. Ordered groups have shades of one colour. */
function colourOf(group: number, colouring: Colouring | undefined): string {
  return colouring?.ordered ? `--s${String(Math.min(group, 4))}` : `--g${String(group % COLOURS)}`;
}

function after(epoch: number): string {
  return epoch === 0 ? "before training" : `after ${plural(epoch, "epoch")}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-item-map": ItemMap;
  }
}
