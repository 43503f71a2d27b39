import { css, html, LitElement, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";

import { base } from "../base.js";
import { define } from "../define.js";
import { GLOSSARY } from "./glossary.js";
import type { Term } from "./terms.js";

/** Milliseconds that a pointer rests before a word is explained, and that it may take on its way to the explanation. */
const PATIENCE = { in: 250, out: 250 };

/** Pixels between a word and its explanation, and between that and the window's edge. */
const GAP = 6;

/**
 * A word with an explanation, which opens on hover, on focus, and at a press or touch. It stays while the pointer is on
 * it, and closes at Escape (WCAG 1.4.13).
 */
@define("tt-term")
export class TermOf extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline;
      }
      button {
        min-height: 24px;
        padding: 0;
        border: 0;
        background: none;
        text-align: inherit;
        text-decoration: underline dotted;
        text-decoration-color: var(--edge);
        text-underline-offset: 0.2em;
        cursor: help;
      }
      [popover] {
        inset: auto;
        max-width: min(320px, calc(100vw - 24px));
        margin: 0;
        padding: 10px 12px;
        border: 1px solid var(--edge);
        border-radius: 8px;
        background: var(--raised);
        color: var(--ink);
        font: 400 calc(0.8125 * var(--rem)) / 1.45 var(--sans);
        text-align: start;
        white-space: normal;
        box-shadow: 0 8px 24px rgb(0 0 0 / 0.16);
      }
      strong {
        display: block;
      }
    `,
  ];

  @property() name: Term = "two-tower";
  /** A further sentence. */
  @property() more = "";
  @query("button") private readonly button!: HTMLButtonElement;
  @query("[popover]") private readonly explanation!: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render(): TemplateResult {
    const { name, means } = GLOSSARY[this.name];
    return html`<button
        type="button"
        aria-describedby="means"
        @pointerenter=${(event: PointerEvent) => event.pointerType === "mouse" && this.#soon(true)}
        @pointerleave=${(event: PointerEvent) => event.pointerType === "mouse" && this.#soon(false)}
        @focus=${() => this.button.matches(":focus-visible") && this.#show(true)}
        @blur=${() => this.#soon(false)}
        @click=${() => this.#show(true)}
        @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#show(false)}
      ><slot></slot></button><span
        id="means"
        popover="manual"
        role="tooltip"
        aria-labelledby="name"
        @pointerenter=${() => clearTimeout(this.#timer)}
        @pointerleave=${() => this.#soon(false)}
        ><strong id="name">${name}</strong> ${means} ${this.more}</span
      >`;
  }

  #soon(shown: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(shown), shown ? PATIENCE.in : PATIENCE.out);
  }

  #show(shown: boolean): void {
    clearTimeout(this.#timer);
    if (!this.isConnected || shown === this.explanation.matches(":popover-open")) return;
    this.explanation.togglePopover(shown);
    for (const [target, type] of OUTSIDE) {
      if (shown) target.addEventListener(type, this.#elsewhere, true);
      else target.removeEventListener(type, this.#elsewhere, true);
    }
    if (shown) this.#place();
  }

  /** Places the explanation under the word, or above it where there is no room. */
  #place(): void {
    const word = this.button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height, style } = this.explanation;
    const top = word.bottom + GAP + height > innerHeight ? Math.max(GAP, word.top - GAP - height) : word.bottom + GAP;
    style.top = `${String(top)}px`;
    style.left = `${String(Math.max(GAP, Math.min(word.left, document.documentElement.clientWidth - width - GAP)))}px`;
  }

  /** Closes the explanation at Escape, at a press elsewhere, and when the page scrolls. */
  readonly #elsewhere = (event: Event): void => {
    const isOwn = event.composedPath().includes(this);
    if (event.type === "keydown" ? (event as KeyboardEvent).key === "Escape" : event.type === "scroll" || !isOwn) this.#show(false);
  };
}

const OUTSIDE = [
  [document, "keydown"],
  [document, "pointerdown"],
  [window, "scroll"],
] as const;

declare global {
  interface HTMLElementTagNameMap {
    "tt-term": TermOf;
  }
}
