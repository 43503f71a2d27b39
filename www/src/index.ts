/** Train a two-tower recommender in the page that shows it, on WebGPU or the CPU. */

export { type Addresses, configure } from "./addresses.js";
export type { Config, PartialConfig } from "./config.js";
export { type ErrorCode, TwoTowerError } from "./error.js";
export { type Bytes, type LoadOptions, type RunOptions, Trainer, type TrainerOptions, type TrainOptions } from "./trainer.js";
export type * from "./types.js";
