import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import type { About, Progress, Recovery } from "../index.js";
import { base } from "./base.js";
import type { Arrived } from "./data-set.js";
import { define } from "./define.js";
import { estimate } from "./estimate.js";
import { count, duration, elapsed, plural, rate, scaled } from "./format.js";
import { serves, SERVES } from "./serving.js";
import type { Phase } from "./session.js";

/** Label and event of the main button in each phase. */
const MAIN = {
  opening: { label: "Start training", event: "start" },
  ready: { label: "Start training", event: "start" },
  waiting: { label: "Stop waiting", event: "pause" },
  training: { label: "Pause", event: "pause" },
  paused: { label: "Resume", event: "start" },
  finished: { label: "Train again", event: "start" },
  failed: { label: "Try again", event: "reset" },
} as const satisfies Record<Phase, { label: string; event: string }>;

/** Buttons to start, pause and reset the run, with its progress and speed. Sends `start`, `pause` and `reset`. */
@define("tt-run-controls")
export class RunControls extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 16px;
        padding: 16px;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px 16px;
      }
      .buttons {
        display: flex;
        gap: 8px;
      }
      .primary {
        min-width: calc(9 * var(--rem));
      }
      .progress {
        flex: 1 1 180px;
        display: grid;
        gap: 4px;
      }
      dl {
        display: grid;
        grid-template-columns: calc(7.5 * var(--rem)) calc(7.5 * var(--rem)) 1fr;
        gap: 12px 24px;
      }
      dt {
        color: var(--muted);
      }
      dd {
        font-size: calc(1.25 * var(--rem));
        line-height: 1.3;
        font-weight: 550;
      }
      /* Reserves the height until the reason is known. */
      .reason {
        min-height: 1.45em;
        font-weight: normal;
      }
      :host([compact]) {
        padding: 8px 12px;
      }
      :host([compact]) dl {
        display: none;
      }
      @container (max-width: 560px) {
        .primary {
          flex: 1;
        }
        .buttons {
          flex: 1 1 100%;
        }
        dl {
          grid-template-columns: 1fr 1fr;
        }
        .backend {
          grid-column: 1 / -1;
        }
        .reason {
          min-height: 2.9em;
        }
      }
    `,
  ];

  @property() phase: Phase = "opening";
  /** Whether there is room for buttons and progress only. */
  @property({ type: Boolean, reflect: true }) compact = false;
  @property({ attribute: false }) about: About | undefined;
  @property({ attribute: false }) progress: Progress | undefined;
  @property({ type: Number }) pairsPerSecond = 0;
  /** Epochs of the run. */
  @property({ type: Number }) epochs = 1;
  /** Whether other data is being opened, to replace the run's data. */
  @property({ type: Boolean }) opening = false;
  /** Bytes of that data that have arrived. */
  @property({ attribute: false }) arrived: Arrived | undefined;
  /** Whether the run is about to stop. */
  @property({ type: Boolean }) stopping = false;
  /** How the run resumed after its device or its worker was lost. */
  @property({ attribute: false }) recovered: Recovery | undefined;
  /** Whether changed settings wait for a reset. */
  @property({ type: Boolean }) stale = false;
  /** Whether a comparison is running: two runs at once would slow each other down. */
  @property({ type: Boolean }) blocked = false;
  /**
   * Whether the main button is pressed. It stays enabled until the click. The press may end the edit of a setting, so that
   * the data is read again; the start then waits for the data.
   */
  @state() private pressed = false;

  override render(): TemplateResult {
    const phase = this.#phase;
    const { label, event } = MAIN[phase];
    const begun = this.progress !== undefined || phase === "training";
    const held = (phase === "opening" && !this.pressed) || this.blocked || this.stopping || serves(this.about);
    return html`<div class="bar">
        <div class="buttons">
          <button class="button primary" part="start" ?disabled=${held} @pointerdown=${this.#press} @click=${() => this.#send(event)}>${label}</button>
          <button class="button" part="reset" ?disabled=${!begun || this.stopping} @click=${this.#reset}>Reset</button>
        </div>
        <div class="progress small muted figure">
          <span>${this.#where()}${this.compact ? this.#inBrief() : nothing}</span>
          <progress max="1" .value=${this.#done()} aria-label="Training done"></progress>
        </div>
      </div>
      <dl class="figure">
        ${this.#fact("Pairs per second", this.pairsPerSecond > 0 ? rate(this.pairsPerSecond) : "–")}
        ${this.#fact("Time left", this.#left())}
        <div class="backend">
          <dt class="small">Backend</dt>
          <dd>${this.about ? NAMES[this.about.backend] : "–"}</dd>
          <dd class="reason small muted">${this.about ? because(this.about) : nothing}</dd>
        </div>
      </dl>
      ${serves(this.about) ? html`<p class="small" role="status">${SERVES}</p>` : nothing}
      ${this.blocked ? html`<p class="small" role="status">The comparison below is running; training can start after it.</p>` : nothing}
      ${this.recovered ? html`<p class="small" role="status">${resumed(this.recovered)}</p>` : nothing}
      ${this.#warning()}
      ${this.stale && begun ? html`<p class="small" role="status">The changed settings take effect at the next reset.</p>` : nothing}`;
  }

  /** The phase to show: while data is being opened, `opening` replaces the phase of a run that is over or has not begun. */
  get #phase(): Phase {
    return this.opening && !["training", "waiting", "paused"].includes(this.phase) ? "opening" : this.phase;
  }

  #where(): string {
    const { progress } = this;
    const phase = this.#phase;
    if (this.stopping) return "Stopping after the current step…";
    if (phase === "opening") return this.#reading();
    if (phase === "failed") return "Stopped";
    if (phase === "waiting") return "Waiting: another trainer on this page is training";
    if (serves(this.about)) return "Serves recommendations";
    if (progress === undefined) {
      const memory = this.about && !this.compact ? `, ${scaled(this.about.memoryBytes, "B")} of memory` : "";
      return `${plural(this.epochs, "epoch")} to go${memory}`;
    }
    if (phase === "finished") {
      const { tune, temperature } = this.about?.config ?? {};
      const chosen = tune ? ` with temperature ${String(temperature)}` : "";
      return `${plural(progress.epoch, "epoch")}${chosen}, trained in ${elapsed(progress.seconds)}`;
    }
    const paused = phase === "paused" ? ", paused" : "";
    if (progress.measured && !progress.trial) {
      const { share, best } = progress.measured;
      const measured = best ? "the best epoch" : `epoch ${count(progress.epoch)} of ${count(progress.epochs)}`;
      return `Measuring ${measured}, ${Math.floor(100 * share)}% done${paused}`;
    }
    if (progress.trial) {
      const { trial, trials, temperature } = progress.trial;
      return `Trying temperature ${temperature}, ${trial} of ${trials}: epoch ${count(progress.epoch)} of at most ${count(progress.epochs)}${paused}`;
    }
    return `Epoch ${count(progress.epoch)} of ${count(progress.epochs)}, step ${count(progress.step)} of ${count(progress.steps)}${paused}`;
  }

  #reading(): string {
    if (this.arrived === undefined) return "Reading the data…";
    const { bytes, total } = this.arrived;
    return `Reading the data, ${total === undefined ? "" : `${String(Math.floor((100 * bytes) / total))}% of `}${scaled(total ?? bytes, "B")}…`;
  }

  /** Returns the facts of the list in short, for the compact form. */
  #inBrief(): string {
    const on = this.about ? ` · ${NAMES[this.about.backend]}` : "";
    return this.pairsPerSecond > 0 ? `${on}, ${rate(this.pairsPerSecond)} pairs/s` : on;
  }

  #done(): number {
    const { progress } = this;
    if (progress === undefined) return 0;
    if (progress.done) return 1;
    const ofEpochs = (progress.epoch - 1 + progress.step / progress.steps) / progress.epochs;
    if (progress.trial === null) return ofEpochs;
    return (progress.trial.trial - 1 + ofEpochs) / progress.trial.trials;
  }

  #left(): string {
    const { about, progress, phase } = this;
    if (progress) return progress.done || phase === "failed" ? "–" : duration(progress.secondsLeft);
    return about && phase === "ready" && !serves(about) ? `about ${duration(estimate(about).seconds)}` : "–";
  }

  /** Warns before the start if steps are long. */
  #warning(): TemplateResult | typeof nothing {
    const { about, progress, phase } = this;
    const long = about && progress === undefined && phase === "ready" && !serves(about) ? estimate(about).longStep : undefined;
    if (long === undefined) return nothing;
    return html`<p class="small" role="status">
      A step takes about ${duration(long)} here, and the page responds only between steps. Set a smaller batch size or width for shorter steps.
    </p>`;
  }

  #fact(term: string, value: string): TemplateResult {
    return html`<div><dt class="small">${term}</dt><dd>${value}</dd></div>`;
  }

  #press(): void {
    this.pressed = true;
    // The click comes after the release.
    const release = (): void => void setTimeout(() => (this.pressed = false));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, { once: true });
  }

  /** Whether the visitor has pressed Reset, which then disables itself: the focus moves to the main button. */
  #wasReset = false;

  #reset(): void {
    this.#wasReset = true;
    this.#send("reset");
    this.#focusMain();
  }

  override updated(): void {
    // The buttons were disabled while the data was read again, so the focus was lost.
    if (!this.#wasReset || (this.phase !== "ready" && this.phase !== "failed")) return;
    this.#wasReset = false;
    if (document.activeElement === document.body) this.#focusMain();
  }

  #focusMain(): void {
    this.renderRoot.querySelector<HTMLElement>(".primary")?.focus();
  }

  #send(event: "start" | "pause" | "reset"): void {
    this.dispatchEvent(new Event(event));
  }
}

const NAMES = { webgpu: "WebGPU", cpu: "CPU" } as const;

/** Returns a sentence on how a run resumed. */
function resumed({ epochs, step, reason, backend }: Recovery): string {
  const within = step > 0 ? `within epoch ${epochs + 1}` : `after epoch ${epochs}`;
  const where = epochs + step > 0 ? `It resumed ${within}` : "It started over";
  return `The run was interrupted: ${reason.replace(/\.$/, "")}. ${where} on ${backend === "cpu" ? "the CPU" : NAMES[backend]}.`;
}

function because({ adapter, reason }: About): string {
  return adapter === "" ? `because ${reason}` : `${adapter}, because ${reason}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "tt-run-controls": RunControls;
  }
}
