/** The worker's side of a thread: loads the compiled crate once and owns the runs. */

import type { PartialConfig } from "./config.js";
import { TwoTowerError } from "./error.js";
import { readInto } from "./read.js";
import { Run } from "./run.js";
import type { Part } from "./source.js";
import type { About, Backend, OptionSpec, Preset } from "./types.js";
import { type Engine, start, type Wasm, type WasmSource } from "./wasm.js";

/** Number and description of a new run. */
export interface Made {
  run: number;
  about: About;
}

/** Calls that a run answers. */
export type Call = Exclude<keyof Run, "free">;

export class Host {
  readonly #beside: () => WasmSource;
  #wasm: Promise<Wasm> | undefined;
  readonly #runs = new Map<number, Run>();
  #made = 0;

  /** Creates a host that loads the crate from `beside`, unless {@link Host.start} names another address. */
  constructor(beside: () => WasmSource) {
    this.#beside = beside;
  }

  /** Starts to load the compiled crate. Must be the first call. */
  start(source: WasmSource | undefined): void {
    this.#wasm = start(source ?? this.#beside());
    // Later calls report the failure.
    this.#wasm.catch(() => undefined);
  }

  async options(): Promise<OptionSpec[]> {
    return (await this.#crate()).options();
  }

  async presets(): Promise<Preset[]> {
    return (await this.#crate()).presets();
  }

  /** Reads the parts and creates a run. */
  async create(parts: Part[], config: PartialConfig, backend: Backend | "auto"): Promise<Made> {
    const { Engine, Loader } = await this.#crate();
    const loader = new Loader(config);
    for (const part of parts) await readInto(loader, part);
    return this.#add(await Engine.create(loader.finish(), config, backend));
  }

  /** Resumes a saved run. */
  async load(file: Blob, backend: Backend | "auto"): Promise<Made> {
    const { Engine } = await this.#crate();
    return this.#add(await Engine.load(file, backend));
  }

  /** Calls a method of a run. */
  ask<C extends Call>(run: number, call: C, ...parameters: Parameters<Run[C]>): ReturnType<Run[C]> {
    const found = this.#runs.get(run);
    if (found === undefined) throw new TwoTowerError("destroyed", "the trainer was destroyed");
    const method = found[call] as (...parameters: Parameters<Run[C]>) => ReturnType<Run[C]>;
    return method.apply(found, parameters);
  }

  /** Frees a run. */
  free(run: number): void {
    this.#runs.get(run)?.free();
    this.#runs.delete(run);
  }

  #add(engine: Engine): Made {
    const run = this.#made++;
    this.#runs.set(run, new Run(engine));
    return { run, about: engine.about() };
  }

  #crate(): Promise<Wasm> {
    if (this.#wasm === undefined) throw new TwoTowerError("worker", "the worker was not started");
    return this.#wasm;
  }
}
