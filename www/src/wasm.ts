/** The compiled crate, as `src/web` declares it. Only the worker loads it. */

import init, * as compiled from "./wasm/twotower.js";

import { TwoTowerError } from "./error.js";
import type {
  About,
  Backend,
  ByFeatures,
  Choice,
  Export,
  Item,
  OptionSpec,
  Preset,
  Profile,
  Progress,
  Query,
  Recommendation,
  Report,
  Unseen,
} from "./types.js";

/** A part of the data that a table holds. */
export type PartName = "all" | "train" | "validation" | "test" | "items" | "users";

/** Reads tables, chunk by chunk. */
export interface Loader {
  begin(part: PartName, name: string, bytes?: number): void;
  push(chunk: Uint8Array): void;
  finish(): Dataset;
}

/** What was read, before a run takes it. */
export type Dataset = object;

/** One run. */
export interface Engine {
  about(): About;
  setEpochs(epochs: number): Promise<void>;
  advance(milliseconds: number): Promise<Progress>;
  profile(milliseconds: number): Promise<Profile>;
  report(): Report;
  recommend(query: Query | Unseen, k: number, choice: Choice): Promise<Recommendation[] | ByFeatures>;
  recommendAll(users: readonly string[], k: number, choice: Choice): Promise<Recommendation[][]>;
  similar(item: string | Unseen, k: number, choice: Choice): Promise<Recommendation[] | ByFeatures>;
  history(user: string): Item[];
  users(search: string, limit: number): string[];
  items(search: string, limit: number): Item[];
  reset(options: object, backend: Backend | "auto"): Promise<void>;
  startItems(file: Uint8Array): Promise<number>;
  save(): Promise<Uint8Array>;
  export(file: Export): Promise<Uint8Array>;
}

interface Wasm {
  Loader: new (options: object) => Loader;
  Engine: {
    create(dataset: Dataset, options: object, backend: Backend | "auto"): Promise<Engine>;
    load(bytes: Uint8Array, backend: Backend | "auto"): Promise<Engine>;
  };
  options(): OptionSpec[];
  presets(): Preset[];
}

/** Compiles and starts the crate. */
export async function start(): Promise<Wasm> {
  await init().catch((cause: unknown) => {
    const { message } = TwoTowerError.from(cause);
    throw new TwoTowerError("worker", `the compiled trainer could not be loaded: ${message}`, {}, { cause });
  });
  return compiled;
}
