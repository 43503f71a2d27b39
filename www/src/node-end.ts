/**
 * Ends worker threads. If a thread is terminated while Dawn works in it, the whole process ends. So a thread that has
 * loaded Dawn is asked to exit, and exits when Dawn has settled its promises. The main thread and the worker thread share
 * the state.
 */

import process from "node:process";
import type { MessagePort, Worker } from "node:worker_threads";

import { whenSettled } from "./node-gpu.js";

/** The states of a thread: without Dawn, with Dawn, being terminated, ended. */
const [PLAIN, WITH_DAWN, TERMINATED, ENDED] = [0, 1, 2, 3];

/** The message that asks a thread to exit. Comlink ignores it. */
const EXIT = "exit";

/** Milliseconds that the process waits for a thread to exit before it ends. */
const PATIENCE = 10_000;

/** Returns the state of a new thread. */
export function freshState(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Ends a thread: at once, or as soon as Dawn allows it. */
export function end(worker: Worker, state: Int32Array): void {
  if (Atomics.compareExchange(state, 0, PLAIN, TERMINATED) === WITH_DAWN) worker.postMessage(EXIT);
  else void worker.terminate();
}

/** Makes the process end the thread before the process ends. */
export function endWithProcess(worker: Worker, state: Int32Array): void {
  const wait = (): void => {
    end(worker, state);
    Atomics.wait(state, 0, WITH_DAWN, PATIENCE);
  };
  process.on("exit", wait);
  worker.on("exit", () => process.off("exit", wait));
}

/** Called in the worker thread: exits when the message to exit has come and Dawn is idle, and then sets the state. */
export function obey(port: MessagePort, state: Int32Array): void {
  port.on("message", (message) => {
    if (message === EXIT) whenSettled(() => process.exit());
  });
  process.on("exit", () => {
    Atomics.store(state, 0, ENDED);
    Atomics.notify(state, 0);
  });
}

/** Called in the worker thread, before Dawn is loaded: sets the state. Throws if the thread is being terminated. */
export function enterDawn(state: Int32Array): void {
  if (Atomics.compareExchange(state, 0, PLAIN, WITH_DAWN) === TERMINATED) throw new Error("the trainer was destroyed");
}
