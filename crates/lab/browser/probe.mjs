/** Measures a run's operations and the machine's limits. Runs in the page. */

import { crate } from "./crate.mjs";

/** Profiles the step as the mean of `laps` runs. */
export async function probe({ options, users, items, backend, laps }) {
  const { Stopwatch } = await crate("/verify/");
  const stopwatch = await Stopwatch.create(options, users, items, backend);
  const limits = await stopwatch.limits();
  const { operations } = await stopwatch.profile(laps);
  return { limits, operations };
}
