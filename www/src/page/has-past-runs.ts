/** A flag in the browser's storage for whether there are past runs. It can be read at once, without loading the runs. */

const KEY = "twotower past runs";

/** Returns whether this browser keeps runs. */
export function hasPastRuns(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

/** Stores whether this browser keeps runs. */
export function setHasPastRuns(has: boolean): void {
  try {
    if (has) localStorage.setItem(KEY, "yes");
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage, no run is kept.
  }
}
