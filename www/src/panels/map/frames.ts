/** Positions of the points at the end of each epoch. */

/** The map after an epoch. */
export interface Frame {
  /** Number of trained epochs. */
  epoch: number;
  /** x and y of each item, one after the other, so that most lie within 1 of the centre. */
  points: Float32Array;
  /** The place of the picked user, if there is one. */
  user: readonly [number, number] | undefined;
}

/** Maximum number of frames, and of numbers in all of them: 64 MB. */
const MOST = { frames: 64, numbers: 2 ** 24 };

/** Adds a frame, and removes those of the same and of later epochs. If there are too many, removes every second one. */
export function withFrame(frames: readonly Frame[], frame: Frame, most = MOST): readonly Frame[] {
  const all = [...frames.filter(({ epoch }) => epoch < frame.epoch), frame];
  const fit = Math.max(2, Math.min(most.frames, Math.floor(most.numbers / Math.max(1, frame.points.length))));
  return all.length <= fit ? all : all.filter((_, ix) => ix % 2 === 0 || ix === all.length - 1);
}

/** Returns the distance from the centre within which 98% of the points lie. */
export function extentOf(points: Float32Array): number {
  const squares: number[] = [];
  const step = 2 * Math.max(1, Math.floor(points.length / 2 / 2000));
  for (let ix = 0; ix < points.length; ix += step) squares.push((points[ix] ?? 0) ** 2 + (points[ix + 1] ?? 0) ** 2);
  squares.sort((a, b) => a - b);
  return Math.sqrt(squares[Math.floor(0.98 * (squares.length - 1))] ?? 1) || 1;
}
