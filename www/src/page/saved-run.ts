/** Saved runs as data sets: they have their data with them, and more that is gone on from. */

import { get, set } from "idb-keyval";

import { Trainer } from "../index.js";
import type { DataSet } from "../panels/data-set.js";

/** What a saved run is called, where that is known. */
interface Told {
  id: string;
  title: string;
  summary: string;
  words: DataSet["words"];
}

/** The one run that this browser keeps. */
interface Kept {
  file: Blob;
  told: Told;
}

const KEY = "kept run";

/** A saved run as a data set. */
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

/** Keeps a run in this browser, in place of the one before. */
export async function keep(file: Uint8Array<ArrayBuffer>, { title, words }: DataSet): Promise<DataSet> {
  const told = { id: "kept", title: "The model you kept", summary: `Trained on ${title}`, words };
  const kept: Kept = { file: new Blob([file]), told };
  await set(KEY, kept);
  return savedRun(kept.file, told);
}

/** The run that this browser keeps; none, too, where it keeps nothing for pages like this one. */
export async function kept(): Promise<DataSet | undefined> {
  const found = await get<Kept>(KEY).catch(() => undefined);
  return found && savedRun(found.file, found.told);
}
