/** Saved runs as data sets: they contain their data, and the state that training resumes from. */

import { Trainer } from "../index.js";
import type { DataSet } from "../panels/data-set.js";

/** Description of a saved run, in addition to its file. */
export type Told = Pick<DataSet, "id" | "title" | "summary" | "words" | "curve" | "trainedOn">;

/** Returns a saved run as a data set. */
export function savedRun(file: Blob, told: Told): DataSet {
  return {
    ...told,
    given: true,
    resume: (options) => Trainer.load(file, options),
    async create({ backend, signal, ...options }) {
      const trainer = await Trainer.load(file, { backend, signal });
      await trainer.reset({ ...options, backend });
      return trainer;
    },
  };
}
