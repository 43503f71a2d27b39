/** The worker's side of one run: owns the crate's engine and gives it one call at a time. */

import { transfer } from "comlink";

import type { PartialConfig } from "./config.js";
import { TwoTowerError } from "./error.js";
import { readInto } from "./read.js";
import type { Part } from "./source.js";
import type {
  About,
  Backend,
  ByFeatures,
  Choice,
  Export,
  Extension,
  Item,
  Profile,
  Progress,
  Query,
  Recommendation,
  Report,
  StepGraph,
  Unseen,
} from "./types.js";
import type { Engine } from "./wasm.js";

export class Run {
  #engine: Engine | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  setEpochs(epochs: number): Promise<void> {
    return this.#inTurn((engine) => engine.setEpochs(epochs));
  }

  /** Trains for about this time. Each slice is a separate task, so that other calls can run between two slices. */
  advance(milliseconds: number): Promise<Progress> {
    return this.#inTurn((engine) => engine.advance(milliseconds));
  }

  profile(milliseconds: number): Promise<Profile> {
    return this.#inTurn((engine) => engine.profile(milliseconds));
  }

  graph(): Promise<StepGraph> {
    return this.#inTurn((engine) => engine.graph());
  }

  about(): Promise<About> {
    return this.#inTurn((engine) => engine.about());
  }

  report(): Promise<Report> {
    return this.#inTurn((engine) => engine.report());
  }

  recommend(query: Query | Unseen, k: number, choice: Choice): Promise<Recommendation[] | ByFeatures> {
    return this.#inTurn((engine) => engine.recommend(query, k, choice));
  }

  recommendAll(users: readonly string[], k: number, choice: Choice): Promise<Recommendation[][]> {
    return this.#inTurn((engine) => engine.recommendAll(users, k, choice));
  }

  similar(item: string | Unseen, k: number, choice: Choice): Promise<Recommendation[] | ByFeatures> {
    return this.#inTurn((engine) => engine.similar(item, k, choice));
  }

  history(user: string): Promise<Item[]> {
    return this.#inTurn((engine) => engine.history(user));
  }

  users(search: string, limit: number): Promise<string[]> {
    return this.#inTurn((engine) => engine.users(search, limit));
  }

  items(search: string, limit: number): Promise<Item[]> {
    return this.#inTurn((engine) => engine.items(search, limit));
  }

  reset(config: PartialConfig, backend: Backend | "auto"): Promise<About> {
    return this.#inTurn(async (engine) => {
      await engine.reset(config, backend);
      return engine.about();
    });
  }

  startItems(file: Blob): Promise<number> {
    return this.#inTurn((engine) => engine.startItems(file));
  }

  /** Reads new data and adds it to the run. */
  extend(parts: readonly Part[]): Promise<{ extension: Extension; about: About }> {
    return this.#inTurn(async (engine) => {
      const loader = engine.newData();
      for (const part of parts) await readInto(loader, part);
      const extension = await engine.extend(loader);
      return { extension, about: engine.about() };
    });
  }

  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(async (engine) => moved(await engine.save()));
  }

  export(file: Export): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(async (engine) => moved(await engine.export(file)));
  }

  /** Frees the model and the data. A running call keeps its engine until it returns. */
  free(): void {
    this.#engine?.free();
    this.#engine = undefined;
  }

  /** Runs the call after all earlier ones have ended, whether they succeeded or not: the engine runs one at a time. */
  #inTurn<T>(call: (engine: Engine) => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#survive(call));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Runs the call. If the device is lost meanwhile, runs it again on another device or on the CPU. */
  async #survive<T>(call: (engine: Engine) => T | Promise<T>): Promise<T> {
    for (;;) {
      const engine = this.#engine;
      if (engine === undefined) throw new TwoTowerError("destroyed", "the trainer was destroyed");
      try {
        return await call(engine);
      } catch (thrown) {
        const { code } = TwoTowerError.from(thrown);
        const isOfDevice = code === "device-lost" || code === "gpu";
        if (!isOfDevice || engine !== this.#engine || !(await engine.recover())) throw thrown;
      }
    }
  }
}

/** Marks a file to move to the page without a copy: the crate's result is already a copy. */
function moved(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = file as Uint8Array<ArrayBuffer>;
  return transfer(own, [own.buffer]);
}
