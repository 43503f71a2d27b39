/** Splits long work on the page's thread into short tasks, so that the page stays responsive. */

/** Milliseconds of a task: half a frame. */
const TASK = 8;

/** Lets the page do other work after each task. */
export class Pace {
  #began = performance.now();
  readonly #signal: AbortSignal | undefined;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Ends the task if its time is over. @throws the signal's reason if it is aborted. */
  async rest(): Promise<void> {
    if (performance.now() - this.#began < TASK) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
    this.#began = performance.now();
  }
}
