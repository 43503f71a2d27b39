/** The worker's side: owns the crate's engine and gives it one call at a time. */

import { transfer } from "comlink";

import type { PartialConfig } from "./config.js";
import { TwoTowerError } from "./error.js";
import { open } from "./read.js";
import type { Part } from "./source.js";
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
import { type Engine, type Loader, start } from "./wasm.js";

export class Host {
  readonly #wasm = start();
  #engine: Engine | undefined;
  #last: Promise<unknown> = Promise.resolve();

  async options(): Promise<OptionSpec[]> {
    return (await this.#wasm).options();
  }

  async presets(): Promise<Preset[]> {
    return (await this.#wasm).presets();
  }

  /** Reads the parts and makes the run's engine. */
  async create(parts: Part[], config: PartialConfig, backend: Backend | "auto"): Promise<About> {
    const { Engine, Loader } = await this.#wasm;
    const loader = new Loader(config);
    for (const part of parts) await read(part, loader);
    this.#engine = await Engine.create(loader.finish(), config, backend);
    return this.#engine.about();
  }

  /** Makes the engine that goes on from a saved run. */
  async load(bytes: Uint8Array, backend: Backend | "auto"): Promise<About> {
    const { Engine } = await this.#wasm;
    this.#engine = await Engine.load(bytes, backend);
    return this.#engine.about();
  }

  setEpochs(epochs: number): Promise<void> {
    return this.#inTurn((engine) => engine.setEpochs(epochs));
  }

  /** Trains for about this long. Each slice is a task of its own, so that other calls come between. */
  advance(milliseconds: number): Promise<Progress> {
    return this.#inTurn((engine) => engine.advance(milliseconds));
  }

  profile(milliseconds: number): Promise<Profile> {
    return this.#inTurn((engine) => engine.profile(milliseconds));
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

  startItems(file: Uint8Array): Promise<number> {
    return this.#inTurn((engine) => engine.startItems(file));
  }

  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(async (engine) => moved(await engine.save()));
  }

  export(file: Export): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn(async (engine) => moved(await engine.export(file)));
  }

  /** Runs the call when those before it have ended, well or not: the engine takes one at a time. */
  #inTurn<T>(call: (engine: Engine) => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#engine === undefined) throw new TwoTowerError("worker", "the worker has no run yet");
      return call(this.#engine);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** A file that goes to the page without being copied: what the crate gives is a copy of its own already. */
function moved(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = file as Uint8Array<ArrayBuffer>;
  return transfer(own, [own.buffer]);
}

async function read({ part, name, body }: Part, loader: Loader): Promise<void> {
  const refuse = (problem: string) => (cause: unknown): never => {
    throw TwoTowerError.data(name, problem, cause);
  };
  const unreadable = "it could not be read to its end";
  const { chunks, gzip } = await open(body instanceof Blob ? body.stream() : body).catch(refuse(unreadable));
  const bytes = body instanceof Blob && !gzip ? body.size : undefined;
  loader.begin(part, gzip ? name.replace(/\.gz$/i, "") : name, bytes);
  const reader = chunks.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(refuse(gzip ? "not a whole gzip file" : unreadable));
    if (done) return;
    loader.push(value);
  }
}
