/** A worker and the trainers that use it. */

import { type Endpoint, releaseProxy, type Remote as Proxied, wrap } from "comlink";

import { wasmSource } from "./addresses.js";
import { carryErrors, TwoTowerError } from "./error.js";
import type { Host } from "./host.js";
import { spawn as spawnInBrowser } from "./spawn.js";

carryErrors();

/** A started worker: from `spawn.ts` in a browser, from `node.ts` in Node.js. */
export interface Spawned {
  endpoint: Endpoint;
  /** Ends it at once. */
  terminate(): void;
}

/** Starts a worker. Calls `failed` with the reason if the worker cannot be loaded or fails. */
export type Spawn = (failed: (reason: TwoTowerError) => void) => Spawned;

let spawn: Spawn = spawnInBrowser;

/** Sets how this environment starts a worker, if it is not a browser. */
export function spawnWith(environment: Spawn): void {
  spawn = environment;
}

/** A worker with the compiled crate. It ends when the last trainer leaves it. */
export class Thread {
  /** A worker that was started ahead of its trainer. */
  static #spare: Thread | undefined;
  /** The worker of the trainers that share one. */
  static #shared: Thread | undefined;

  readonly host: Proxied<Host>;
  readonly #worker: Spawned;
  /** Called with the reason when the worker fails. */
  readonly #users = new Set<(reason: TwoTowerError) => void>();
  /** Rejects with the reason when the worker fails. */
  readonly #failing: Promise<never>;
  #rejectFailing: (reason: TwoTowerError) => void = () => undefined;
  #failure: TwoTowerError | undefined;
  #ended = false;

  private constructor() {
    // Node.js 20 has no `Promise.withResolvers`.
    this.#failing = new Promise((_, reject) => (this.#rejectFailing = reject));
    this.#failing.catch(() => undefined);
    this.#worker = spawn((reason) => this.#fail(reason));
    this.host = wrap<Host>(this.#worker.endpoint);
    void this.host.start(wasmSource());
  }

  /** Returns the worker that the next trainer takes. Starts it if there is none. */
  static ahead(): Thread {
    if (this.#spare === undefined || this.#spare.#failure) this.#spare = new Thread();
    return this.#spare;
  }

  /** Asks the shared worker, else the one that the next trainer takes. Ends a worker that cannot answer. */
  static async ask<T>(question: (host: Proxied<Host>) => Promise<T>): Promise<T> {
    const thread = this.#shared && !this.#shared.#failure ? this.#shared : this.ahead();
    // Keeps the worker: its last trainer may leave before the answer arrives.
    const asker = (): void => undefined;
    thread.join(asker);
    try {
      return await Promise.race([question(thread.host), thread.#failing]);
    } catch (thrown) {
      const error = TwoTowerError.from(thrown);
      thread.#fail(error);
      throw error;
    } finally {
      thread.leave(asker);
    }
  }

  /** Returns a worker for one trainer. */
  static take(): Thread {
    const thread = this.ahead();
    this.#spare = undefined;
    return thread;
  }

  /** Returns the worker for all trainers that share one. */
  static shared(): Thread {
    if (this.#shared === undefined || this.#shared.#failure) this.#shared = this.take();
    return this.#shared;
  }

  /** Adds a user. Calls it when the worker fails, at once if the worker has already failed. */
  join(user: (reason: TwoTowerError) => void): void {
    this.#users.add(user);
    if (this.#failure) user(this.#failure);
  }

  /**
   * Removes a user. Ends the worker if it was the last user, unless the next trainer takes the worker. Returns whether
   * the worker has ended.
   */
  leave(user: (reason: TwoTowerError) => void): boolean {
    this.#users.delete(user);
    if (this.#failure) return true;
    if (this.#users.size > 0 || Thread.#spare === this) return false;
    if (Thread.#shared === this) Thread.#shared = undefined;
    this.#end();
    return true;
  }

  /** Ends the worker. Its proxy is released: otherwise the page would keep the `Worker` object. */
  #end(): void {
    // A worker of Node.js reports its end, even if it was asked to end.
    if (this.#ended) return;
    this.#ended = true;
    this.host[releaseProxy]();
    this.#worker.terminate();
  }

  #fail(reason: TwoTowerError): void {
    if (this.#failure) return;
    this.#failure = reason;
    this.#end();
    this.#rejectFailing(reason);
    for (const user of this.#users) user(reason);
  }
}
