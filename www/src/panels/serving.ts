/** Serving runs: saved with towers and catalogue, without interactions. */

import type { About } from "../index.js";

/** Whether a run was saved to serve: it recommends, and can neither be trained nor measured. */
export function serves(about: About | undefined): boolean {
  return about?.data.train === 0;
}

/** The limits of such a run, for its page. */
export const SERVES =
  "This run was saved to serve recommendations. It has no interactions, so it cannot be trained or measured, and items that a user already has may be among the answers.";
