/** The map of a run from epoch to epoch: asks its trainer for the vectors and keeps their places on the map. */

import type { Export, Trainer } from "../../index.js";
import { type Entry, readCatalogue } from "./catalogue.js";
import { cluster, type Clusters } from "./clusters.js";
import { extentOf, type Frame, withFrame } from "./frames.js";
import { type Matrix, type MatrixFile, readNpy, rowOf } from "./matrix.js";
import { Pace } from "./pace.js";
import { aligned, fitPlane, type Plane, project } from "./plane.js";
import type { Place } from "./places.js";

/** Maximum number of users with which the picked one is shown, because that reads the vectors of all users. */
const MOST_USERS = 50_000;

/** A state of a run, to make a frame of. */
export interface Moment {
  trainer: Trainer;
  /** Number of trained epochs. */
  epoch: number;
  /** Id of the picked user. */
  user: string | undefined;
}

export class Timeline {
  frames: readonly Frame[] = [];
  entries: readonly Entry[] = [];
  /** The latest vectors. */
  matrix: Matrix | undefined;
  readonly #signal: AbortSignal;
  readonly #changed: () => void;
  #plane: Plane | undefined;
  #clusters: Clusters | undefined;
  #users: Map<string, number> | undefined;
  #busy = false;
  #next: Moment | undefined;

  /** Creates the timeline of one run, which ends when the signal is aborted. Calls `changed` after each frame. */
  constructor(signal: AbortSignal, changed: () => void) {
    this.#signal = signal;
    this.#changed = changed;
  }

  /** Makes a frame of a moment. If other moments arrive meanwhile, continues with the last one of them. */
  async take(moment: Moment): Promise<void> {
    this.#next = moment;
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let now: Moment | undefined = moment; now; now = this.#next) {
        this.#next = undefined;
        await this.#take(now);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Groups the latest vectors. */
  async clusters(): Promise<Clusters | undefined> {
    const { matrix } = this;
    if (matrix) this.#clusters = await cluster(matrix, new Pace(this.#signal), this.#clusters);
    return this.#clusters;
  }

  async #take({ trainer, epoch, user }: Moment): Promise<void> {
    const pace = new Pace(this.#signal);
    const matrix = await this.#matrix(trainer, "items.npy");
    if (this.entries.length === 0) this.entries = await readCatalogue(await this.#file(trainer, "metadata.tsv"), pace);
    const before = this.frames.findLast((frame) => frame.epoch <= epoch)?.points;
    const fitted = await fitPlane(matrix, pace, this.#plane);
    this.#plane = before ? aligned(fitted, await project(matrix, fitted, pace), before) : fitted;
    const points = await project(matrix, this.#plane, pace);
    const extent = extentOf(points);
    for (let n = 0; n < points.length; n++) points[n] = (points[n] ?? 0) / extent;
    const vector = user === undefined ? undefined : await this.#vectorOf(user, trainer);
    const [x = 0, y = 0] = vector ? await project(vector, this.#plane, pace) : [];
    const place: Place | undefined = vector && [x / extent, y / extent];
    this.matrix = matrix;
    this.frames = withFrame(this.frames, { epoch, points, user: place });
    this.#changed();
  }

  /** Returns the vector of a user as a matrix of one row; undefined if there are too many users. */
  async #vectorOf(user: string, trainer: Trainer): Promise<Matrix | undefined> {
    if (trainer.about.data.users > MOST_USERS) return undefined;
    const vectors = await this.#matrix(trainer, "users.npy");
    if (this.#users === undefined) {
      const { users } = JSON.parse(new TextDecoder().decode(await this.#file(trainer, "ids.json"))) as { users: string[] };
      this.#users = new Map(users.map((id, row) => [id, row]));
    }
    const row = this.#users.get(user);
    return row === undefined ? undefined : { rows: 1, width: vectors.width, values: rowOf(vectors, row) };
  }

  async #matrix(trainer: Trainer, file: MatrixFile): Promise<Matrix> {
    return readNpy(file, await this.#file(trainer, file));
  }

  async #file(trainer: Trainer, file: Export): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await trainer.export(file);
    this.#signal.throwIfAborted();
    return bytes;
  }
}
