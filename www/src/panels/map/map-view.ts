import { css, html, LitElement, nothing, type PropertyValues, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { base } from "../base.js";
import { define } from "../define.js";
import { Camera } from "./camera.js";
import { Cloud } from "./cloud.js";
import { eased } from "./easing.js";
import { type Place, placeOf, pointAt, pointTowards, type Way } from "./places.js";

/** How close the map comes to an item that is searched for. */
const CLOSE = 3;

/** Pixels around a point in which it is meant. */
const REACH = 12;

/** Largest number of letters of a title, and the pixels that a letter takes on average. */
const LETTERS = { most: 60, width: 7 };

const NONE = new Float32Array();

/** Items that are marked. */
export interface Marks {
  chosen: number | undefined;
  /** Items that lines lead to from the chosen one, or else from the user. */
  linked: readonly number[];
  user: Place | undefined;
}

/** Points that move, to look at with the pointer or with the keys. Sends `pick` with the number of a point. */
@define("tt-map-view")
export class MapView extends LitElement {
  static override styles = [
    base,
    css`
      .map {
        position: relative;
        height: var(--map-height, 460px);
        overflow: hidden;
        border-radius: var(--radius);
        background: var(--paper);
        cursor: grab;
        touch-action: pan-y;
      }
      .map:active {
        cursor: grabbing;
      }
      canvas,
      svg {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
      }
      svg {
        pointer-events: none;
      }
      line {
        stroke: var(--ink);
        stroke-opacity: 0.45;
      }
      circle {
        fill: none;
        stroke: var(--ink);
        stroke-width: 1.5;
      }
      .chosen {
        stroke: var(--accent);
        stroke-width: 3;
      }
      .user {
        fill: var(--ink);
        stroke: var(--paper);
        stroke-width: 2;
      }
      text {
        fill: var(--ink);
        stroke: var(--paper);
        stroke-width: 4px;
        stroke-linejoin: round;
        paint-order: stroke;
        font-size: calc(0.8125 * var(--rem));
      }
      /* The colour changes with the scheme; the end of the transition redraws the map. */
      .watch.watch {
        color: var(--ink);
        transition: color 1ms !important;
      }
      .probe {
        forced-color-adjust: none;
      }
      .zoom {
        position: absolute;
        inset-block-start: 8px;
        inset-inline-end: 8px;
        display: grid;
        gap: 4px;
      }
      .zoom .button {
        width: 32px;
        min-height: 32px;
        padding: 0;
      }
    `,
  ];

  /** Where the points are to be: x and y, one after the other. */
  @property({ attribute: false }) points: Float32Array = NONE;
  @property({ attribute: false }) groups: Uint8Array = new Uint8Array();
  /** Custom properties with the groups' colours, and whether each group stands out. */
  @property({ attribute: false }) colours: readonly { name: string; shown: boolean }[] = [];
  @property({ attribute: false }) marks: Marks = { chosen: undefined, linked: [], user: undefined };
  /** Text for screen readers. */
  @property() label = "";
  /** How a point is called. */
  @property({ attribute: false }) titleOf: (ix: number) => string = String;
  @query("canvas") private readonly canvas!: HTMLCanvasElement;
  @query(".map") private readonly map!: HTMLElement;
  @query(".probe") private readonly probe!: HTMLElement;
  /** The point under the pointer, or the one that the keys went to. */
  @state() private pointed: number | undefined;
  /** Whether the keys went there, which is spoken. */
  @state() private walked = false;
  @state() private lacking = false;

  #cloud: Cloud | undefined;
  #way: Way = { start: NONE, end: NONE, progress: 1 };
  #user: { start: Place | undefined; end: Place | undefined } = { start: undefined, end: undefined };
  #began = 0;
  readonly #camera = new Camera();
  #frame = 0;
  /** Red, green and blue of the custom properties, in the page's scheme. */
  readonly #known = new Map<string, readonly number[]>();
  #drag: { x: number; y: number; moved: boolean } | undefined;
  readonly #resized = new ResizeObserver(() => this.#redraw());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#resized.observe(this.map);
  }

  /** Brings a point into the middle. */
  fly(ix: number): void {
    this.#camera.fly({ centre: placeOf({ ...this.#way, progress: 1 }, ix), zoom: Math.max(CLOSE, this.#camera.zoom) });
    this.#redraw();
  }

  override render(): TemplateResult {
    const { width, height } = this.#camera.size;
    const title = this.pointed === undefined ? "" : this.titleOf(this.pointed);
    return html`<div class="map">
        <canvas
          role="img"
          aria-label=${this.label}
          tabindex="0"
          @pointerdown=${this.#pressed}
          @pointermove=${this.#moved}
          @pointerup=${this.#released}
          @pointerleave=${this.#left}
          @pointercancel=${this.#left}
          @dblclick=${() => this.#zoom(2)}
          @wheel=${this.#wheeled}
          @keydown=${this.#key}
          @blur=${this.#left}
          @webglcontextlost=${(event: Event) => event.preventDefault()}
          @webglcontextrestored=${this.#begin}
        ></canvas>
        <svg viewBox="0 0 ${width} ${height}" aria-hidden="true">${this.#marked()}</svg>
        <div class="zoom">
          <button class="button" aria-label="Zoom in" @click=${() => this.#zoom(1.6)}>+</button>
          <button class="button" aria-label="Zoom out" @click=${() => this.#zoom(1 / 1.6)}>−</button>
          <button class="button" aria-label="Show the whole map" @click=${this.#whole}>⤢</button>
        </div>
      </div>
      <p class="unseen" role="status">${this.walked ? title : ""}</p>
      ${this.lacking ? html`<p class="small">The map needs WebGL 2, which this browser does not offer. Search and lists work without it.</p>` : nothing}
      <span class="probe" hidden></span>
      <span class="watch unseen" @transitionend=${this.#recolour}></span>`;
  }

  override firstUpdated(): void {
    this.#begin();
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("points") || changed.has("marks")) this.#turn(changed.has("points"));
    if (changed.has("groups") || changed.has("points")) this.#cloud?.paint(this.groups);
    if (["points", "groups", "colours", "marks"].some((name) => changed.has(name as keyof MapView))) this.#redraw();
  }

  readonly #begin = (): void => {
    this.#cloud = Cloud.on(this.canvas);
    this.lacking = this.#cloud === undefined;
    this.#cloud?.move(this.#way.start, this.#way.end);
    this.#cloud?.paint(this.groups);
    this.#resized.observe(this.map);
    this.#redraw();
  };

  /** Lets the points, and the user, go to their new places from where they are. */
  #turn(points: boolean): void {
    const { user } = this.marks;
    if (!points) {
      if (user !== this.#user.end) this.#user = { start: user, end: user };
      return;
    }
    const { end, progress } = this.#way;
    const isNew = end.length !== this.points.length;
    const start = isNew ? this.points : progress === 1 ? end : this.#now();
    this.#user = { start: isNew ? user : (this.#userPlace() ?? user), end: user };
    const still = isNew || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#way = { start, end: this.points, progress: still ? 1 : 0 };
    this.#began = performance.now();
    this.#cloud?.move(start, this.points);
  }

  #now(): Float32Array {
    const { start, end, progress } = this.#way;
    return end.map((to, n) => (1 - progress) * (start[n] ?? 0) + progress * to);
  }

  #userPlace(): Place | undefined {
    const { start, end } = this.#user;
    if (start === undefined || end === undefined) return end;
    const share = this.#way.progress;
    return [start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])];
  }

  #redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#draw);
  }

  readonly #draw = (now: number): void => {
    this.#frame = 0;
    const way = this.#way;
    const camera = this.#camera;
    camera.size = { width: this.map.clientWidth || 1, height: this.map.clientHeight || 1 };
    if (way.progress < 1) way.progress = eased(now - this.#began);
    const isFlying = camera.tick(now);
    const ratio = Math.min(2, devicePixelRatio);
    const pixels = [Math.round(camera.size.width * ratio), Math.round(camera.size.height * ratio)] as const;
    // To set a size empties the canvas, also where it stays the same.
    if (this.canvas.width !== pixels[0] || this.canvas.height !== pixels[1]) [this.canvas.width, this.canvas.height] = pixels;
    this.#cloud?.draw({
      progress: way.progress,
      centre: camera.centre,
      zoom: camera.scale * ratio,
      size: ratio * diameter(way.end.length / 2, camera.zoom),
      colours: this.colours.map(({ name, shown }) => this.#colour(name, shown ? 0.85 : 0.08)),
    });
    this.requestUpdate();
    if (way.progress < 1 || isFlying) this.#redraw();
  };

  readonly #recolour = (): void => {
    this.#known.clear();
    this.#redraw();
  };

  #colour(name: string, opacity: number): readonly number[] {
    let known = this.#known.get(name);
    if (known === undefined) {
      this.probe.style.color = `var(${name})`;
      known = (getComputedStyle(this.probe).color.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
      this.#known.set(name, known);
    }
    return [...known, opacity];
  }

  #placed(ix: number): Place {
    return this.#camera.toPage(placeOf(this.#way, ix));
  }

  #marked(): SVGTemplateResult[] {
    const { chosen, linked } = this.marks;
    const at = this.#userPlace();
    const user = at && this.#camera.toPage(at);
    const from = chosen === undefined ? user : this.#placed(chosen);
    const ring = (ix: number, name: string, radius: number): SVGTemplateResult => {
      const [x, y] = this.#placed(ix);
      return svg`<circle class=${name} cx=${x} cy=${y} r=${radius} />`;
    };
    return [
      ...linked.map((ix) => {
        const [x, y] = this.#placed(ix);
        return from ? svg`<line x1=${from[0]} y1=${from[1]} x2=${x} y2=${y} />` : svg``;
      }),
      ...linked.map((ix) => ring(ix, "", 5)),
      ...(user ? [svg`<circle class="user" cx=${user[0]} cy=${user[1]} r="7" />`] : []),
      ...(chosen === undefined ? [] : [ring(chosen, "chosen", 7), this.#title(chosen)]),
      ...(this.pointed === undefined || this.pointed === chosen ? [] : [ring(this.pointed, "", 7), this.#title(this.pointed)]),
    ];
  }

  #title(ix: number): SVGTemplateResult {
    const [x, y] = this.#placed(ix);
    const { width } = this.#camera.size;
    const end = x > width / 2;
    const room = (end ? x : width - x) - REACH;
    const most = Math.max(1, Math.min(LETTERS.most, Math.floor(room / LETTERS.width)));
    const title = this.titleOf(ix);
    const shown = title.length > most ? `${title.slice(0, most - 1)}…` : title;
    return svg`<text x=${x + (end ? -REACH : REACH)} y=${y + 4} text-anchor=${end ? "end" : "start"}>${shown}</text>`;
  }

  readonly #pressed = (event: PointerEvent): void => {
    this.#drag = { x: event.clientX, y: event.clientY, moved: false };
    this.canvas.setPointerCapture(event.pointerId);
  };

  readonly #moved = (event: PointerEvent): void => {
    const drag = this.#drag;
    if (drag) {
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!drag.moved && Math.hypot(dx, dy) < 4) return;
      this.#camera.drag(dx, dy);
      this.#drag = { x: event.clientX, y: event.clientY, moved: true };
      this.#redraw();
      return;
    }
    this.walked = false;
    this.pointed = this.#under(event);
  };

  readonly #released = (event: PointerEvent): void => {
    const wasDragged = this.#drag?.moved ?? false;
    this.#drag = undefined;
    const ix = wasDragged ? undefined : this.#under(event);
    if (ix !== undefined) this.#pick(ix);
  };

  readonly #left = (): void => {
    this.#drag = undefined;
    this.pointed = undefined;
  };

  #under({ offsetX, offsetY }: PointerEvent): number | undefined {
    return pointAt(this.#way, this.#camera.fromPage([offsetX, offsetY]), REACH / this.#camera.scale);
  }

  /** Zooms by the wheel with Ctrl, as trackpads send a pinch: the wheel alone scrolls the page. */
  readonly #wheeled = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#camera.zoomAt(this.#camera.fromPage([event.offsetX, event.offsetY]), Math.exp(-event.deltaY / 200));
    this.#redraw();
  };

  #zoom(by: number): void {
    this.#camera.fly({ zoom: this.#camera.zoom * by });
    this.#redraw();
  }

  readonly #whole = (): void => {
    this.#camera.fly();
    this.#redraw();
  };

  /** Arrow keys go to the next point in their direction, Enter picks it, + - 0 zoom. */
  readonly #key = (event: KeyboardEvent): void => {
    const direction = DIRECTIONS[event.key];
    const zoom = { "+": 1.6, "=": 1.6, "-": 1 / 1.6 }[event.key];
    if (direction) this.#walk(direction);
    else if (event.key === "Enter" && this.pointed !== undefined) this.#pick(this.pointed);
    else if (event.key === "Escape") this.pointed = undefined;
    else if (zoom !== undefined) this.#zoom(zoom);
    else if (event.key === "0") this.#whole();
    else return;
    event.preventDefault();
  };

  #walk(direction: Place): void {
    const way = { ...this.#way, progress: 1 };
    const from = this.pointed ?? this.marks.chosen;
    const next = from === undefined ? pointAt(way, this.#camera.centre, Infinity) : pointTowards(way, from, direction);
    if (next === undefined) return;
    this.pointed = next;
    this.walked = true;
    const [x, y] = this.#placed(next);
    const { width, height } = this.#camera.size;
    if (x < 0 || y < 0 || x > width || y > height) this.#camera.fly({ centre: placeOf(way, next) });
    this.#redraw();
  }

  #pick(ix: number): void {
    this.dispatchEvent(new CustomEvent<number>("pick", { detail: ix }));
  }
}

const DIRECTIONS: Readonly<Record<string, Place>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** A point's diameter in pixels: smaller where there are many, larger when the map is closer. */
function diameter(points: number, zoom: number): number {
  return Math.min(14, Math.max(2, 8 - 1.2 * Math.log10(Math.max(10, points / 20))) * zoom ** 0.3);
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-map-view": MapView;
  }
}
