/** The page's side of one run: calls its worker, and rejects all calls when the run ends. */

import { type Remote as Proxied } from "comlink";

import { TwoTowerError, typed } from "./error.js";
import type { Call, Host, Made } from "./host.js";
import type { Run } from "./run.js";
import { Thread } from "./thread.js";
import type { About } from "./types.js";

export class Remote {
  readonly #thread: Thread;
  #run: number | undefined;
  /** Called with the reason when this run ends. */
  readonly #listeners = new Set<(error: TwoTowerError) => void>();
  #ended: TwoTowerError | undefined;
  readonly #failed = (reason: TwoTowerError): void => this.end(reason);

  private constructor(thread: Thread) {
    this.#thread = thread;
    thread.join(this.#failed);
  }

  /**
   * Creates a run in a separate worker, or in the shared one. If that fails, or if the signal is aborted
   * meanwhile, removes the run.
   */
  static async make(
    make: (host: Proxied<Host>) => Promise<Made>,
    { share, signal }: { share: boolean; signal: AbortSignal | undefined },
  ): Promise<{ remote: Remote; about: About }> {
    const remote = new Remote(share ? Thread.shared() : Thread.take());
    if (signal) remote.#heed(signal);
    const making = make(remote.#thread.host);
    try {
      const { run, about } = await remote.during(making);
      remote.#run = run;
      return { remote, about };
    } catch (thrown) {
      const error = TwoTowerError.from(thrown);
      // A shared worker may still create the run.
      making.then(({ run }) => remote.#thread.host.free(run)).catch(() => undefined);
      remote.end(error);
      throw error;
    }
  }

  /** Calls the run. */
  ask<C extends Call>(call: C, ...parameters: Parameters<Run[C]>): Promise<Awaited<ReturnType<Run[C]>>> {
    return typed(() => {
      if (this.#ended) throw this.#ended;
      if (this.#run === undefined) throw new TwoTowerError("worker", "the run was not made");
      const host = this.#thread.host as unknown as Pick<Host, "ask">;
      return this.during(Promise.resolve(host.ask(this.#run, call, ...parameters)));
    });
  }

  /** Waits for `work`. Rejects when the run ends or the signal is aborted. */
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

  /** Ends the run at once: pending calls and all later ones reject with this error. */
  end(error: TwoTowerError): void {
    if (this.#ended) return;
    this.#ended = error;
    const last = this.#thread.leave(this.#failed);
    if (!last && this.#run !== undefined) void this.#thread.host.free(this.#run);
    for (const tell of this.#listeners) tell(error);
    this.#listeners.clear();
  }

  /** Ends the run when the signal is aborted. */
  #heed(signal: AbortSignal): void {
    const abort = (): void => this.end(aborted(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    this.#listeners.add(() => signal.removeEventListener("abort", abort));
  }
}

/** Returns the error of a call that its caller aborted. */
export function aborted(signal: AbortSignal | undefined): TwoTowerError {
  return new TwoTowerError("aborted", "the call was aborted", {}, { cause: signal?.reason });
}
