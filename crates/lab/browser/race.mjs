/** Times training steps of several contestants alternately. Runs in the page. */

import { crate } from "./crate.mjs";
import { jaxJs, tfJs } from "./peers.mjs";

const PEERS = { tfjs: tfJs, "jax-js": jaxJs };

/**
 * Times all contestants: `warmUp` steps each, then `rounds` in which each has a turn of about `turn` milliseconds, at
 * least one step. So changes of the machine's speed affect all of them equally. An error of a contestant is its result;
 * the race continues.
 *
 * With `bankProducts`, only the products that the bank adds to a step are timed.
 *
 * The first contestant is ours. Other libraries start from its tables and repeat its first `shared` batches.
 */
export async function race({ contestants, warmUp, rounds, turn, shared }) {
  const { Stopwatch } = await crate("/verify/");
  let first;
  const enter = async ({ library, options, backend, users, items, bankProducts }) => {
    if (library !== undefined) return PEERS[library](backend, options, await start(first, shared));
    const stopwatch = await Stopwatch.create(options, users, items, backend);
    first ??= stopwatch;
    const products = async () => ({ milliseconds: await stopwatch.bankProducts() });
    return { about: () => stopwatch.about(), step: bankProducts ? products : () => stopwatch.lap() };
  };
  const runners = [];
  for (const contestant of contestants) {
    const runner = { name: contestant.name, milliseconds: [], losses: [] };
    runners.push(Object.assign(runner, await enter(contestant).catch(failure)));
  }
  for (const runner of runners) {
    for (let n = 0; n < warmUp; n += 1) await lap(runner);
    await tell("warm", runner.name);
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const runner of runners) {
      if (runner.error !== undefined) continue;
      runner.milliseconds.push([]);
      let left = turn;
      do left -= await lap(runner);
      while (left > 0 && runner.error === undefined);
    }
    await tell("round", round);
  }
  return runners.map(({ step: _, about, ...result }) => ({ ...about?.(), ...result }));
}

/** Returns the tables and batches for the other libraries. */
async function start(stopwatch, shared) {
  const batches = Array.from({ length: shared }, (_, n) => stopwatch.batch(n));
  return { users: await stopwatch.users(), items: await stopwatch.items(), batches };
}

/** Runs the next step and returns its time. */
async function lap(runner) {
  if (runner.error !== undefined) return 0;
  const taken = await runner.step(runner.losses.length).catch(failure);
  if (taken.error !== undefined) {
    runner.error = taken.error;
    return 0;
  }
  runner.milliseconds.at(-1)?.push(taken.milliseconds);
  if (taken.loss !== undefined) runner.losses.push(taken.loss);
  return taken.milliseconds;
}

function failure(error) {
  return { error: error.message ?? String(error) };
}
