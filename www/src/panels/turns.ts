/** Lets the runs of a page train one at a time: two at once would slow each other down. */

/** Ends a turn; calling it again has no effect. */
export type Release = () => void;

/** A queue of runs, first come, first served. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** Whether somebody has the turn. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Waits for the turn. An aborted signal gives up the place: then there is no turn to release. */
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
