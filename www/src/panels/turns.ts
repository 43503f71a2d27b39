/** Lets the runs of a page train one at a time: two at once would slow each other down. */

/** Ends a turn; calling it again has no effect. */
export type Release = () => void;

/** A queue of runs, in order of arrival. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** Whether a run has the turn. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Waits for the turn. If the signal is aborted, leaves the queue and resolves to nothing. */
  take(signal: AbortSignal): Promise<Release | undefined> {
    return new Promise((resolve) => {
      const begin = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve(this.#begin());
      };
      const giveUp = (): void => {
        const place = this.#waiting.indexOf(begin);
        if (place >= 0) this.#waiting.splice(place, 1);
        resolve(undefined);
      };
      if (signal.aborted) resolve(undefined);
      else if (!this.#taken) resolve(this.#begin());
      else {
        this.#waiting.push(begin);
        signal.addEventListener("abort", giveUp, { once: true });
      }
    });
  }

  #begin(): Release {
    this.#taken = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#taken = false;
      this.#waiting.shift()?.();
    };
  }
}
