/** Timing of the movements on the map. */

/** Duration of a movement, in milliseconds. */
const MOVE = 800;

/** Returns the progress of a movement after some milliseconds, from 0 to 1: slow at both ends. */
export function eased(milliseconds: number): number {
  const share = Math.min(1, Math.max(0, milliseconds / MOVE));
  return share * share * (3 - 2 * share);
}
