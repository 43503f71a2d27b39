/** The page's side of a worker: calls into it, and the end of all calls when it ends. */

import { type Remote as Proxied, wrap } from "comlink";

import { carryErrors, TwoTowerError, typed } from "./error.js";
import type { Host } from "./host.js";

carryErrors();

export class Remote {
  /** A worker that was started ahead of its trainer. */
  static #spare: Remote | undefined;

  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "twotower" });
  readonly #host: Proxied<Host> = wrap<Host>(this.#worker);
  /** What is to be told of the worker's end. */
  readonly #listeners = new Set<(error: TwoTowerError) => void>();
  #ended: TwoTowerError | undefined;

  private constructor() {
    this.#worker.onerror = ({ message }) => {
      const why = message || "its script could not be loaded";
      this.end(new TwoTowerError("worker", `the trainer's worker failed: ${why}`));
    };
  }

  /** The worker that the next trainer will take, started now if there is none. */
  static ahead(): Remote {
    if (this.#spare === undefined || this.#spare.#ended) this.#spare = new Remote();
    return this.#spare;
  }

  /** A worker of one's own. */
  static take(): Remote {
    const remote = this.ahead();
    this.#spare = undefined;
    return remote;
  }

  /** The first call into a worker: one that fails at it is of no use, and ends. */
  async begin<T>(work: (host: Proxied<Host>) => Promise<T>): Promise<T> {
    try {
      return await this.call(work);
    } catch (thrown) {
      const error = TwoTowerError.from(thrown);
      this.end(error);
      throw error;
    }
  }

  /** Calls into the worker. */
  call<T>(work: (host: Proxied<Host>) => Promise<T>): Promise<T> {
    return typed(() => {
      if (this.#ended) throw this.#ended;
      return this.during(work(this.#host));
    });
  }

  /** Waits for `work`, but no longer than the worker lives or the signal lasts. */
  during<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(aborted(signal));
      this.#listeners.add(reject);
      signal?.addEventListener("abort", abort);
      work.then(resolve, reject).finally(() => {
        this.#listeners.delete(reject);
        signal?.removeEventListener("abort", abort);
      });
      if (this.#ended) reject(this.#ended);
      if (signal?.aborted) abort();
    });
  }

  /** Ends the worker when the signal is aborted. */
  heed(signal: AbortSignal): void {
    const abort = (): void => this.end(aborted(signal));
    signal.addEventListener("abort", abort);
    this.#listeners.add(() => signal.removeEventListener("abort", abort));
  }

  /** Ends the worker at once: pending calls and all later ones get this error. */
  end(error: TwoTowerError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#worker.terminate();
    for (const tell of this.#listeners) tell(error);
    this.#listeners.clear();
  }
}

/** The error of a call that its caller gave up. */
export function aborted(signal: AbortSignal | undefined): TwoTowerError {
  return new TwoTowerError("aborted", "the call was aborted", {}, { cause: signal?.reason });
}
