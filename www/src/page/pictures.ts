import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import type { Trainer } from "../index.js";
import { base } from "../panels/base.js";
import "../panels/choice-bar.js";
import { define } from "../panels/define.js";
import type { Phase } from "../panels/session.js";
import { layOut } from "./lay-out.js";

/** The pictures, with their labels. */
const PICTURES = [
  ["map", "Map"],
  ["batch", "Batch"],
  ["step", "Step"],
] as const;

type Picture = (typeof PICTURES)[number][0];

const LOADERS: Readonly<Record<Picture, () => Promise<unknown>>> = {
  map: () => import("../panels/item-map.js"),
  batch: () => import("../panels/batch-picture.js"),
  step: () => import("../panels/step-graph.js"),
};

const CAPTIONS: Readonly<Record<Picture, string>> = {
  map: "The items as the model sees them, from epoch to epoch.",
  step: "The operations of a training step and the buffers that they pass on, from the plan of this run.",
  batch: "A few pairs of the data as the loss sees them: each against the others’ items.",
};

/** Shows pictures of a run while it trains. A picture is loaded when it comes into view. */
@define("tt-pictures")
export class Pictures extends LitElement {
  static override styles = [
    base,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 8px 24px;
        margin-bottom: 12px;
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
  /** Id of the user that the model is asked about. */
  @property() user: string | undefined;
  @property({ attribute: false }) words = { user: "user", item: "item" };
  @property() phase: Phase = "opening";
  /** Whether the model that trains now belongs to a trial of the tuning. */
  @property({ type: Boolean }) trying = false;
  @state() private picture: Picture = "map";
  /** Whether this element has been on the screen. */
  @state() private seen = false;
  readonly #watch = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.seen = true;
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch.disconnect();
  }

  override render(): TemplateResult {
    return html`<header>
        <p class="muted small">${CAPTIONS[this.picture]}</p>
        <tt-choice-bar
          label="Picture"
          quiet
          .choices=${PICTURES}
          chosen=${this.picture}
          @change=${({ detail }: CustomEvent<Picture>) => (this.picture = detail)}
        ></tt-choice-bar>
      </header>
      ${this.seen && !this.trying ? this.#shown() : nothing}`;
  }

  override updated(changed: PropertyValues<this>): void {
    const isNew = changed.has("seen" as keyof Pictures) || changed.has("picture" as keyof Pictures);
    if (isNew && this.seen) void LOADERS[this.picture]();
  }

  #shown(): TemplateResult {
    if (this.picture === "step") {
      return html`<tt-step-graph .trainer=${this.trainer} .run=${this.run} .version=${this.version} .phase=${this.phase}></tt-step-graph>`;
    }
    if (this.picture === "batch") {
      return html`<tt-batch-picture .trainer=${this.trainer} .run=${this.run} .version=${this.version} .words=${this.words}></tt-batch-picture>`;
    }
    return html`<tt-item-map
      .trainer=${this.trainer}
      .run=${this.run}
      .version=${this.version}
      .epoch=${this.epoch}
      .user=${this.user}
      .words=${this.words}
      .layout=${layOut}
    ></tt-item-map>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-pictures": Pictures;
  }
}
