/** A word in the browser's storage that says whether there are past runs: it can be read at once, and without them. */

const KEY = "twotower past runs";

/** Whether runs were kept here. */
export function hasPastRuns(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

/** Remembers whether runs are kept here. */
export function setHasPastRuns(has: boolean): void {
  try {
    if (has) localStorage.setItem(KEY, "yes");
    else localStorage.removeItem(KEY);
  } catch {
    // Where nothing may be stored, there are none to remember.
  }
}
