/** The custom element. It loads its view when it becomes visible or is used. Importing this file does not define the tag. */

import { configure } from "../addresses.js";
import { page } from "../environment.js";
import { TwoTowerError } from "../error.js";
import type { Report, Trainer } from "../index.js";
import palette from "../panels/palette.css";
import { type AttributeName, type Loading, loadingOf, NAMES, read, WrongAttribute } from "./attributes.js";
import type { DoneDetail, ErrorDetail, ReadyDetail } from "./events.js";
import shell from "./shell.css";
import type { View } from "./view.js";

/** Base class. A server has no `HTMLElement`; the element's class is still defined, so that it can be imported. */
const Base = (page.HTMLElement ?? Object) as unknown as new () => HTMLElement & Properties;

/** A property for each attribute, in camel case. Reading it returns the attribute's text. */
type Properties = {
  -readonly [Name in AttributeName as Camel<Name>]: Name extends "autostart" ? boolean : PropertyValue;
};
type PropertyValue = string | number | object | readonly string[] | null | undefined;
type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Tail>}` : Name;

/**
 * Trains a two-tower recommender inside a page; the reader watches it and asks it for recommendations.
 *
 * @tagname two-tower-trainer
 * @slot - Shown without JavaScript, until the trainer is loaded, and in print before training
 * @fires {CustomEvent<ReadyDetail>} twotower-ready - The data is loaded and the model can answer; sent again after a reset and for another trainer
 * @fires {CustomEvent<EpochDetail>} twotower-epoch - An epoch has ended
 * @fires {CustomEvent<DoneDetail>} twotower-done - The run or the comparison has ended
 * @fires {CustomEvent<ErrorDetail>} twotower-error - An attribute has an invalid value, or the run has failed
 *
 * @csspart frame - The whole view
 * @csspart message - An error message
 * @csspart controls - Buttons and progress
 * @csspart start - The main button: start, pause, resume
 * @csspart reset - The button that starts over
 * @csspart load - The button of `loading="interaction"`
 * @csspart settings - The options listed in `controls`
 * @csspart charts - The charts
 * @csspart ask - The lists
 * @csspart map - The items as points that move while the model learns
 * @csspart batch - A small batch as the loss sees it
 * @csspart step - The graph of a training step
 * @csspart profile - The profile of a training step
 * @csspart compare - The comparison of strategies
 * @csspart footer - Credits
 *
 * @cssprop --two-tower-accent - Main button, progress and NDCG
 * @cssprop --two-tower-accent-hover - The main button under the pointer
 * @cssprop --two-tower-on-accent - Text on the accent
 * @cssprop --two-tower-background - Background of the element
 * @cssprop --two-tower-surface - Background of cards and fields
 * @cssprop --two-tower-hover - Background of elements under the pointer
 * @cssprop --two-tower-text - Text
 * @cssprop --two-tower-muted - Less important text
 * @cssprop --two-tower-line - Lines and borders
 * @cssprop --two-tower-edge - Borders of buttons and fields
 * @cssprop --two-tower-warning - Background of error messages
 * @cssprop [--two-tower-radius=10px] - Radius of corners
 * @cssprop [--two-tower-size=16px] - Font size; other sizes scale with it
 * @cssprop [--two-tower-min-height=420px] - Height that is reserved before the trainer is loaded
 */
export class TwoTowerTrainer extends Base {
  static readonly observedAttributes: readonly string[] = NAMES;

  /** Latest report of the run, updated at `twotower-ready`, each epoch and `twotower-done`. */
  report: Report | undefined;

  #view: View | undefined;
  /** The view while it loads. */
  #loading: Promise<View> | undefined;
  /** Number of times that the element was closed. A view that was requested before the last closing is dropped. */
  #closed = 0;
  #ready = withResolvers<Trainer>();
  /** The trainer that `ready` resolved to. */
  #trainer: Trainer | undefined;
  /** Whether `ready` was rejected, so that another attempt needs a new promise. */
  #refused = false;
  #seen: IntersectionObserver | undefined;
  #changing = false;
  /** Whether the element has started since it was connected. During an upgrade, attributes change before that. */
  #begun = false;
  readonly #body: HTMLElement | undefined;

  constructor() {
    super();
    // On a server the class has no shadow roots.
    if (typeof this.attachShadow !== "function") return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = styles();
    const body = document.createElement("div");
    body.className = "body";
    body.append(document.createElement("slot"));
    root.append(body);
    this.#body = body;
    for (const type of ["keydown", "keypress", "keyup"] as const) body.addEventListener(type, keep);
    this.addEventListener("twotower-ready", this.#became);
    this.addEventListener("twotower-epoch", this.#reported);
    this.addEventListener("twotower-done", this.#finished);
    this.addEventListener("twotower-error", this.#failed);
  }

  /** Promise of the trainer. Awaiting it does not load the trainer; `start()` does. */
  get ready(): Promise<Trainer> {
    return this.#ready.promise;
  }

  /** Loads the trainer if needed, then starts or resumes training. */
  async start(): Promise<void> {
    const view = await this.#load();
    await view?.start();
  }

  /** Pauses training until `start()`. */
  pause(): void {
    this.#view?.pause();
  }

  /** Discards the run and creates a fresh model with the same options. */
  async reset(): Promise<void> {
    await this.#view?.reset();
    await this.#report();
  }

  connectedCallback(): void {
    this.#upgrade();
    this.#begun = true;
    if (this.#view || this.#loading || this.#seen) return;
    try {
      this.#begin(loadingOf(this.getAttribute("loading")));
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  /** Applies properties that were set before the tag was defined. */
  #upgrade(): void {
    for (const name of NAMES) {
      const property = propertyOf(name);
      if (!Object.hasOwn(this, property)) continue;
      const value: unknown = Reflect.get(this, property);
      Reflect.deleteProperty(this, property);
      Reflect.set(this, property, value);
    }
  }

  #begin(loading: Loading): void {
    this.#offer(loading);
    if (loading === "eager") void this.#load();
    if (loading === "visible") this.#watch();
  }

  disconnectedCallback(): void {
    // An element that is moved is connected again at once and keeps its run.
    setTimeout(() => {
      if (!this.isConnected) this.#close();
    });
  }

  /** Keeps the run when `moveBefore` moves the element: since this method exists, browsers skip the two callbacks above. */
  connectedMoveCallback(): void {
    // Empty on purpose.
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "loading" && this.#begun && this.isConnected && !this.#view && !this.#loading) {
      this.#seen?.disconnect();
      this.#seen = undefined;
      this.connectedCallback();
    }
    if (this.#view === undefined || this.#changing) return;
    // Frameworks set attributes one after another. This reads them once, after all of them are set.
    this.#changing = true;
    queueMicrotask(() => {
      this.#changing = false;
      this.#configure();
    });
  }

  /** Loads the view when the element comes near the screen. */
  #watch(): void {
    this.#seen = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) void this.#load();
    }, { rootMargin: "200px" });
    this.#seen.observe(this);
  }

  /** Shows the child content. With `loading="interaction"`, also shows a button that loads the trainer and starts it. */
  #offer(loading: Loading): void {
    const body = this.#body;
    if (body === undefined) return;
    body.replaceChildren(document.createElement("slot"));
    if (loading !== "interaction") return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Load and train";
    button.part.add("load");
    button.addEventListener("click", () => void this.start());
    body.append(button);
  }

  #load(): Promise<View | undefined> {
    this.#seen?.disconnect();
    this.#seen = undefined;
    const loading = (this.#loading ??= this.#open(this.#closed));
    return loading.catch((thrown: unknown) => {
      if (loading !== this.#loading) return undefined;
      this.#loading = undefined;
      this.#refuse(thrown);
      return undefined;
    });
  }

  async #open(closed: number): Promise<View> {
    const status = document.createElement("p");
    status.className = "status";
    status.setAttribute("role", "status");
    status.textContent = "Loading the trainer…";
    this.#body?.append(status);
    await import("./view.js").finally(() => status.remove());
    if (closed !== this.#closed) throw removed();
    const view = document.createElement("tt-view");
    view.setAttribute("exportparts", PARTS.join());
    this.#view = view;
    this.#configure();
    this.#body?.querySelector("button")?.remove();
    this.#body?.append(view);
    this.#body?.classList.add("loaded");
    return view;
  }

  /** Reads the attributes and gives them to the view. */
  #configure(): void {
    if (this.#view === undefined) return;
    if (this.#refused) this.#promise();
    try {
      loadingOf(this.getAttribute("loading"));
      configure(this.#addresses());
      this.#view.setup = read((name) => this.getAttribute(name));
      this.#body?.querySelector(".problem")?.remove();
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  #addresses(): Parameters<typeof configure>[0] {
    const names = { workerUrl: "worker-url", wasmUrl: "wasm-url", dataUrl: "data-url" } as const;
    const given = Object.entries(names).map(([key, name]) => [key, this.getAttribute(name)] as const);
    return Object.fromEntries(given.filter(([, address]) => address !== null));
  }

  /** Shows an error and sends it to the page. */
  #refuse(thrown: unknown): void {
    const error = thrown instanceof WrongAttribute ? thrown.typed() : TwoTowerError.from(thrown);
    this.#body?.querySelector(".problem")?.remove();
    const note = document.createElement("p");
    note.className = "problem";
    note.part.add("message");
    note.setAttribute("role", "alert");
    note.textContent = error.message;
    this.#body?.prepend(note);
    this.dispatchEvent(new CustomEvent<ErrorDetail>("twotower-error", { detail: { error }, bubbles: true, composed: true }));
  }

  readonly #became = (event: Event): void => {
    const { trainer } = (event as CustomEvent<ReadyDetail>).detail;
    // A new data set has a new trainer, and so a new promise.
    if (this.#refused || (this.#trainer !== undefined && this.#trainer !== trainer)) this.#promise();
    this.#trainer = trainer;
    this.#ready.resolve(trainer);
    this.#reported();
  };

  readonly #finished = (event: Event): void => {
    const { report } = (event as CustomEvent<DoneDetail>).detail;
    if (isReport(report)) this.report = report;
    this.#reported();
  };

  /** Rejects `ready` if the run fails before there is a trainer. */
  readonly #failed = (event: Event): void => {
    if (this.#trainer !== undefined) return;
    this.#refused = true;
    this.#ready.reject((event as CustomEvent<ErrorDetail>).detail.error);
  };

  /** Makes a new promise of a trainer. */
  #promise(): void {
    this.#refused = false;
    this.#ready = withResolvers<Trainer>();
  }

  readonly #reported = (): void => void this.#report();

  /** Updates the report. */
  async #report(): Promise<void> {
    this.#body?.classList.toggle("trained", this.#view?.trained ?? false);
    const view = this.#view;
    // The trainer may have been destroyed meanwhile.
    const report = await view?.report().catch(() => undefined);
    if (view === this.#view) this.report = report;
  }

  /** Frees everything; the element may be connected again. */
  #close(): void {
    this.#seen?.disconnect();
    this.#seen = undefined;
    this.#view?.close();
    this.#view = undefined;
    this.#loading = undefined;
    this.#closed++;
    this.#begun = false;
    this.#trainer = undefined;
    this.report = undefined;
    this.#ready.reject(removed());
    this.#promise();
    this.#body?.classList.remove("loaded", "trained");
    this.#body?.replaceChildren(document.createElement("slot"));
  }
}

/** Parts that pages can style, all inside the view. */
export const PARTS = ["frame", "message", "controls", "settings", "charts", "ask", "map", "batch", "step", "profile", "compare", "footer", "start", "reset"];

/** Style sheets, created once for all elements. */
let sheets: CSSStyleSheet[] | undefined;

function styles(): CSSStyleSheet[] {
  sheets ??= [palette, shell].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  return sheets;
}

/** Hides keys without Ctrl, Meta or Alt from the page, whose shortcuts cannot see that a field in the element has focus. */
function keep(event: KeyboardEvent): void {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
}

/** Returns a promise whose rejection may stay unhandled. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  const resolvers = Promise.withResolvers<T>();
  resolvers.promise.catch(() => undefined);
  return resolvers;
}

function removed(): TwoTowerError {
  return new TwoTowerError("destroyed", "the element was removed from the document");
}

/** Returns whether a report is that of a run, not of a comparison. */
function isReport(report: DoneDetail["report"]): report is Report {
  return "config" in report && "trials" in report;
}

/** Returns the property of an attribute: its name in camel case. */
function propertyOf(name: AttributeName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Defines a property for each attribute: the attribute's text, or null. */
for (const name of NAMES) {
  Object.defineProperty(TwoTowerTrainer.prototype, propertyOf(name), {
    configurable: true,
    enumerable: true,
    get(this: TwoTowerTrainer): string | boolean | null {
      return name === "autostart" ? this.hasAttribute(name) : this.getAttribute(name);
    },
    set(this: TwoTowerTrainer, value: unknown) {
      const text = textOf(value);
      if (text === null) this.removeAttribute(name);
      else this.setAttribute(name, text);
    },
  });
}

/** Converts a property's value to the text of its attribute. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === false) return null;
  if (value === true) return "";
  if (Array.isArray(value)) return value.join(" ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
