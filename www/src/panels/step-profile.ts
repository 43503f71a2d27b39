import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import { type Operation, type Profile, type Trainer, TwoTowerError } from "../index.js";
import { base } from "./base.js";
import { define } from "./define.js";
import { milliseconds, plural, scaled } from "./format.js";
import type { Phase } from "./session.js";
import { table } from "./table.js";

/** Time of a step by operation, measured on the next steps of a run. Opening it while a run trains starts the measurement. */
@define("tt-step-profile")
export class StepProfile extends LitElement {
  static override styles = [
    base,
    table,
    css`
      .told {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 16px;
        margin-block: 8px;
      }
      .told p {
        flex: 1 1 300px;
      }
      .kernel th {
        padding-inline-start: 16px;
        color: var(--muted);
      }
      .share {
        width: 30%;
        min-width: 80px;
      }
      meter {
        display: block;
        width: 100%;
        height: 8px;
      }
      meter::-webkit-meter-bar {
        height: 8px;
        border: 0;
        border-radius: 3px;
        background: var(--sunken);
      }
      meter::-webkit-meter-optimum-value {
        border-radius: 3px;
        background: var(--loss);
      }
      meter::-moz-meter-bar {
        background: var(--loss);
      }
    `,
  ];

  @property({ attribute: false }) trainer: Trainer | undefined;
  /** Counts the runs. A profile is removed with its run. */
  @property({ type: Number }) run = 0;
  @property() phase: Phase = "opening";
  /** Whether the machine is busy with something else. */
  @property({ type: Boolean }) blocked = false;
  @state() private profile: Profile | undefined;
  @state() private problem: string | undefined;
  @state() private measuring = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("run")) this.profile = this.problem = undefined;
  }

  override render(): TemplateResult {
    return html`<details class="small" @toggle=${this.#toggled}>
      <summary>Profile of a training step</summary>
      <div class="told">
        <p class="muted" role="status">${this.problem ?? this.#told()}</p>
        <button class="button" ?disabled=${!this.#canMeasure} @click=${this.#measure}>Measure</button>
      </div>
      ${this.profile ? this.#table(this.profile) : nothing}
    </details>`;
  }

  get #canMeasure(): boolean {
    return !this.blocked && (this.phase === "training" || this.phase === "paused");
  }

  #told(): string {
    if (this.measuring) return "Measuring…";
    if (this.profile) {
      const { steps } = this.profile;
      return `Mean of ${plural(steps, "step")} of this run: ${milliseconds(whole(this.profile))} per step. Operations that run once per window of steps count with their share.`;
    }
    return "While a run trains, the time of each operation can be measured on its next steps.";
  }

  #table(profile: Profile): TemplateResult {
    const most = whole(profile);
    // Focusable, so that the keyboard can scroll it.
    return html`<div class="scroll" role="region" aria-label="Time of each operation" tabindex="0">
      <table class="figure">
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Time</th>
            <th scope="col" class="share">Share</th>
            <th scope="col">Once per</th>
            <th scope="col">Flop</th>
            <th scope="col">Bytes</th>
          </tr>
        </thead>
        ${profile.operations.map((operation) => this.#rows(operation, most))}
      </table>
    </div>`;
  }

  #rows({ operation, once, milliseconds: time, multiplyAdds, bytes, kernels }: Operation, most: number): TemplateResult {
    const percent = `${Math.round((time / (most || 1)) * 100)} %`;
    const shaders = byShader(kernels);
    return html`<tbody>
      <tr>
        <th scope=${shaders.size > 1 ? "rowgroup" : "row"}>${operation}</th>
        <td>${milliseconds(time)}</td>
        <td><meter max=${most || 1} value=${time} aria-label="Share of ${operation}: ${percent}" title=${percent}></meter></td>
        <td>${once}</td>
        <td>${scaled(2 * multiplyAdds)}</td>
        <td>${scaled(bytes, "B")}</td>
      </tr>
      ${shaders.size > 1
        ? [...shaders].map(
            ([shader, time]) => html`<tr class="kernel">
              <th scope="row">${shader}</th>
              <td>${milliseconds(time)}</td>
              <td></td>
              <td></td>
              <td></td>
              <td></td>
            </tr>`,
          )
        : nothing}
    </tbody>`;
  }

  #toggled(event: Event): void {
    const { open } = event.target as HTMLDetailsElement;
    if (open && this.profile === undefined && this.phase === "training" && this.#canMeasure) void this.#measure();
  }

  async #measure(): Promise<void> {
    const { trainer, run } = this;
    if (trainer === undefined || this.measuring) return;
    this.measuring = true;
    this.problem = undefined;
    try {
      const profile = await trainer.profile();
      if (run === this.run) this.profile = profile;
    } catch (thrown) {
      if (run === this.run) this.problem = TwoTowerError.from(thrown).message;
    } finally {
      this.measuring = false;
    }
  }
}

/** Returns the milliseconds of each shader; a large batch is split into parts, with a dispatch for each. */
function byShader(kernels: Operation["kernels"]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [shader, time] of kernels) sums.set(shader, (sums.get(shader) ?? 0) + time);
  return sums;
}

function whole({ operations }: Profile): number {
  return operations.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-step-profile": StepProfile;
  }
}
