/** Finds the places of moving points, and the point at a place. */

/** A place on the map. */
export type Place = readonly [x: number, y: number];

/** The movement of the points from one frame to another. */
export interface Way {
  start: Float32Array;
  end: Float32Array;
  /** From 0 to 1. */
  progress: number;
}

/** Returns the place of a point. */
export function placeOf({ start, end, progress }: Way, ix: number): Place {
  const between = (n: number): number => (1 - progress) * (start[n] ?? 0) + progress * (end[n] ?? 0);
  return [between(2 * ix), between(2 * ix + 1)];
}

/** Returns the point that is nearest to a place, if its distance is below `within`. */
export function pointAt(way: Way, [x, y]: Place, within: number): number | undefined {
  let [found, least]: [number | undefined, number] = [undefined, within ** 2];
  for (let ix = 0; ix < way.end.length / 2; ix++) {
    const [px, py] = placeOf(way, ix);
    const away = (px - x) ** 2 + (py - y) ** 2;
    if (away < least) [found, least] = [ix, away];
  }
  return found;
}

/** Returns the point nearest to `from` whose direction differs by at most 45 degrees from the given one. */
export function pointTowards(way: Way, from: number, [dx, dy]: Place): number | undefined {
  const [x, y] = placeOf(way, from);
  let [found, least]: [number | undefined, number] = [undefined, Infinity];
  for (let ix = 0; ix < way.end.length / 2; ix++) {
    const [px, py] = placeOf(way, ix);
    const along = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy - (py - y) * dx);
    if (ix === from || along <= 0 || aside > along) continue;
    const away = along ** 2 + aside ** 2;
    if (away < least) [found, least] = [ix, away];
  }
  return found;
}
