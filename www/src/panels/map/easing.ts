/** Movements on the map. */

/** Milliseconds of a movement. */
const MOVE = 800;

/** Returns the share of the way after some milliseconds: slow at both ends. */
export function eased(milliseconds: number): number {
  const share = Math.min(1, Math.max(0, milliseconds / MOVE));
  return share * share * (3 - 2 * share);
}
