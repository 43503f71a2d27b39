/** What a run's operations take, and what the machine could do. Runs in the page. */

import { crate } from "./crate.mjs";

/** Profiles the step in the mean of so many `laps`. */
export async function probe({ options, users, items, backend, laps }) {
  const { Stopwatch } = await crate("/verify/");
  const stopwatch = await Stopwatch.create(options, users, items, backend);
  const limits = await stopwatch.limits();
  const { operations } = await stopwatch.profile(laps);
  return { limits, operations };
}
