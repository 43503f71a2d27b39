/** Long work on the page's thread in short tasks, so that the page answers meanwhile. */

/** Milliseconds of a task: half a frame. */
const TASK = 8;

/** Gives the page a turn after each task. */
export class Pace {
  #began = performance.now();
  readonly #signal: AbortSignal | undefined;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws the signal's reason once it is aborted. */
  async rest(): Promise<void> {
    if (performance.now() - this.#began < TASK) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#signal?.throwIfAborted();
    this.#began = performance.now();
  }
}
