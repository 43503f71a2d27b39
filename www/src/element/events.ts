/** Details of the events of `<two-tower-trainer>`. */

import type { About, EpochReport, Report, Trainer, TwoTowerError } from "../index.js";

/** Detail of `twotower-ready`: the data is read and the model can answer. */
export interface ReadyDetail {
  trainer: Trainer;
  about: About;
}

/** Detail of `twotower-epoch`: an epoch has ended. */
export interface EpochDetail {
  epoch: EpochReport;
  /** Name of the strategy, while strategies are compared. */
  strategy?: string;
  /** Seed of the run, while strategies are compared. */
  seed?: number | undefined;
}

/** Detail of `twotower-done`: the run, or the comparison, has ended. */
export interface DoneDetail {
  /** Report of the run. After a comparison: one report for each strategy, by name, of its first seed. */
  report: Report | Readonly<Record<string, Pick<Report, "epochs" | "final">>>;
}

/** Detail of `twotower-error`: an attribute has an invalid value, or the run has failed. */
export interface ErrorDetail {
  error: TwoTowerError;
}

/** Events by name. They all bubble, also out of shadow trees. */
export interface TwoTowerEventMap {
  "twotower-ready": CustomEvent<ReadyDetail>;
  "twotower-epoch": CustomEvent<EpochDetail>;
  "twotower-done": CustomEvent<DoneDetail>;
  "twotower-error": CustomEvent<ErrorDetail>;
}
