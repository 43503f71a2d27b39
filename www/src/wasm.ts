/** The compiled crate, as `src/web` declares it. Only the worker loads it. */

import init, * as compiled from "./wasm/twotower.js";

import { TwoTowerError } from "./error.js";
import type {
  About,
  Backend,
  ByFeatures,
  Choice,
  Export,
  Extension,
  Item,
  OptionSpec,
  Preset,
  Profile,
  StepGraph,
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

/** Data that was read, before a run takes it. */
export type Dataset = object;

/** One run. */
export interface Engine {
  about(): About;
  setEpochs(epochs: number): Promise<void>;
  advance(milliseconds: number): Promise<Progress>;
  graph(): StepGraph;
  profile(milliseconds: number): Promise<Profile>;
  /** Recovers from a fault of the GPU. Returns whether there was one. */
  recover(): Promise<boolean>;
  report(): Report;
  recommend(query: Query | Unseen, k: number, choice: Choice): Promise<Recommendation[] | ByFeatures>;
  recommendAll(users: readonly string[], k: number, choice: Choice): Promise<Recommendation[][]>;
  similar(item: string | Unseen, k: number, choice: Choice): Promise<Recommendation[] | ByFeatures>;
  history(user: string): Item[];
  users(search: string, limit: number): string[];
  items(search: string, limit: number): Item[];
  reset(options: object, backend: Backend | "auto"): Promise<void>;
  startItems(file: Blob): Promise<number>;
  newData(): Loader;
  extend(loader: Loader): Promise<Extension>;
  save(): Promise<Uint8Array>;
  export(file: Export): Promise<Uint8Array>;
  free(): void;
}

/** The compiled crate's exports. */
export interface Wasm {
  Loader: new (options: object) => Loader;
  Engine: {
    create(dataset: Dataset, options: object, backend: Backend | "auto"): Promise<Engine>;
    load(file: Blob, backend: Backend | "auto"): Promise<Engine>;
  };
  options(): OptionSpec[];
  presets(): Preset[];
}

/** Address of the compiled crate, or its bytes. */
export type WasmSource = string | Blob | Promise<Uint8Array<ArrayBuffer>>;

/** Loads, compiles and starts the crate. */
export async function start(source: WasmSource): Promise<Wasm> {
  const file = source instanceof Blob ? source.arrayBuffer() : source;
  await init({ module_or_path: typeof file === "string" ? await fetched(file) : await file }).catch((cause: unknown) => {
    const { message } = TwoTowerError.from(cause);
    throw new TwoTowerError("worker", `the compiled trainer could not be started: ${message}`, {}, { cause });
  });
  return compiled;
}

/** The first bytes of every WebAssembly module. */
const MAGIC = "\0asm";

/** Downloads the module. Rejects a server's error or another file in its place, with the address and the option. */
async function fetched(url: string): Promise<Response | ArrayBuffer> {
  const refused = (problem: string, cause?: unknown): never => {
    const advice = "set its address with `configure({ wasmUrl })` or the attribute `wasm-url`";
    throw new TwoTowerError("worker", `${url}: ${problem}; ${advice}`, { url, option: "wasmUrl" }, { cause });
  };
  const response = await fetch(url).catch((cause: unknown) => refused("the compiled trainer could not be fetched", cause));
  if (!response.ok) return refused(`the server answered ${String(response.status)} for the compiled trainer`);
  // Browsers compile while they download, for this type only.
  if (response.headers.get("content-type")?.startsWith("application/wasm")) return response;
  const bytes = await response.arrayBuffer();
  const begins = String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(bytes.byteLength, MAGIC.length)));
  if (begins !== MAGIC) return refused(`the server answered ${begins.startsWith("<") ? "HTML" : "other data"} for the compiled trainer`);
  return bytes;
}
