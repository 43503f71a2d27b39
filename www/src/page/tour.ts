import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";

import { base } from "../panels/base.js";
import { define } from "../panels/define.js";
import { GLOSSARY } from "../panels/words/glossary.js";
import { TERMS } from "../panels/words/terms.js";
import { stepsOf } from "./tour-steps.js";

/** Key under which the browser stores that the visitor knows the tour. */
const KEY = "twotower-tour";

/** Invites the visitor to a tour of the page, until they answer. A card at the window's edge goes from part to part. */
@define("tt-tour")
export class Tour extends LitElement {
  static override styles = [
    base,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 12px;
      }
      .row .button {
        min-height: 32px;
        padding: 0 12px;
        font-weight: 400;
      }
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr));
        gap: 12px 28px;
        padding-block: 12px 4px;
      }
      dt {
        font-weight: 600;
      }
      [role="dialog"] {
        position: fixed;
        z-index: 3;
        inset-block-end: 16px;
        inset-inline: 0;
        display: grid;
        gap: 8px;
        width: min(460px, calc(100vw - 24px));
        margin-inline: auto;
        padding: 14px 16px;
        border-color: var(--edge);
        box-shadow: 0 12px 40px rgb(0 0 0 / 0.24);
      }
      h2 {
        font-weight: 600;
      }
      h2:focus {
        outline: none;
      }
      .card .row {
        justify-content: space-between;
      }
    `,
  ];

  @property({ attribute: false }) words = { user: "user", item: "item" };
  @state() private step: number | undefined;
  @state() private known = recalled();
  @state() private listed = false;
  @query("h2") private readonly heading!: HTMLElement | null;
  @query(".take") private readonly take!: HTMLElement;
  #target: HTMLElement | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#mark(undefined);
  }

  override render(): TemplateResult {
    return html`<div class="row small">
        ${this.known ? nothing : html`<span>First time here?</span>`}
        <button class="button take" @click=${() => (this.step = 0)}>Take the tour</button>
        ${this.known ? nothing : html`<button class="button" @click=${this.#end}>No, thanks</button>`}
        <button class="button" aria-expanded=${this.listed ? "true" : "false"} @click=${() => (this.listed = !this.listed)}>The words</button>
      </div>
      ${this.listed
        ? html`<dl class="small">
            ${TERMS.map((term) => html`<div><dt>${GLOSSARY[term].name}</dt><dd class="muted">${GLOSSARY[term].means}</dd></div>`)}
          </dl>`
        : nothing}
      ${this.step === undefined ? nothing : this.#card(this.step)}`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("step" as keyof Tour) || this.step === undefined) return;
    const root = this.getRootNode() as Document | ShadowRoot;
    this.#mark(root.querySelector<HTMLElement>(stepsOf(this.words)[this.step]?.at ?? "") ?? undefined);
    this.heading?.focus({ preventScroll: true });
  }

  #card(step: number): TemplateResult {
    const steps = stepsOf(this.words);
    const { title, text } = steps[step] ?? { title: "", text: "" };
    const isLast = step === steps.length - 1;
    return html`<div
      class="card"
      role="dialog"
      aria-labelledby="title"
      aria-describedby="text"
      @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#end()}
    >
      <h2 id="title" tabindex="-1">${title}</h2>
      <p id="text" class="small">${text}</p>
      <div class="row small">
        <span class="muted figure">${step + 1} of ${steps.length}</span>
        <span class="row">
          ${isLast ? nothing : html`<button class="button" @click=${this.#end}>End</button>`}
          ${step > 0 ? html`<button class="button" @click=${() => (this.step = step - 1)}>Back</button>` : nothing}
          <button class="button primary" @click=${isLast ? this.#end : () => (this.step = step + 1)}>${isLast ? "Done" : "Next"}</button>
        </span>
      </div>
    </div>`;
  }

  readonly #end = (): void => {
    const wasOpen = this.step !== undefined;
    this.step = undefined;
    this.known = true;
    this.#mark(undefined);
    remember();
    if (wasOpen) this.take.focus();
  };

  /** Frames a part of the page and brings it into view. */
  #mark(target: HTMLElement | undefined): void {
    if (this.#target) this.#target.style.outline = this.#target.style.outlineOffset = "";
    this.#target = target;
    if (target === undefined) return;
    [target.style.outline, target.style.outlineOffset] = ["2px solid var(--accent)", "6px"];
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    target.scrollIntoView({ block: target.offsetHeight > innerHeight / 2 ? "start" : "center", behavior });
  }
}

/** Returns whether the visitor knows the tour. If the browser blocks the storage, each visit counts as the first. */
function recalled(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(KEY, "known");
  } catch {
    // The next visit counts as the first one again.
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-tour": Tour;
  }
}
