/**
 * How a worker thread ends. Terminating one while Dawn is at work in it ends the whole process, so a thread that has loaded
 * Dawn is asked to exit, and does so when Dawn has settled its promises. Both threads see the state.
 */

import process from "node:process";
import type { MessagePort, Worker } from "node:worker_threads";

import { whenSettled } from "./node-gpu.js";

/** The states of a thread: without Dawn, with Dawn, being terminated, ended. */
const [PLAIN, WITH_DAWN, TERMINATED, ENDED] = [0, 1, 2, 3];

/** The message that asks a thread to exit. Comlink ignores it. */
const EXIT = "exit";

/** Milliseconds that the end of the process waits for a thread to exit. */
const PATIENCE = 10_000;

/** A state for a new thread. */
export function freshState(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Ends a thread: at once, or as soon as Dawn allows it. */
export function end(worker: Worker, state: Int32Array): void {
  if (Atomics.compareExchange(state, 0, PLAIN, TERMINATED) === WITH_DAWN) worker.postMessage(EXIT);
  else void worker.terminate();
}

/** Has the process end the thread before it ends itself. */
export function endWithProcess(worker: Worker, state: Int32Array): void {
  const wait = (): void => {
    end(worker, state);
    Atomics.wait(state, 0, WITH_DAWN, PATIENCE);
  };
  process.on("exit", wait);
  worker.on("exit", () => process.off("exit", wait));
}

/** In the thread: exits soon after it was asked to, and says when it does. */
export function obey(port: MessagePort, state: Int32Array): void {
  port.on("message", (message) => {
    if (message === EXIT) whenSettled(() => process.exit());
  });
  process.on("exit", () => {
    Atomics.store(state, 0, ENDED);
    Atomics.notify(state, 0);
  });
}

/** In the thread: says that Dawn is about to be loaded. Throws if the thread is being terminated. */
export function enterDawn(state: Int32Array): void {
  if (Atomics.compareExchange(state, 0, PLAIN, WITH_DAWN) === TERMINATED) throw new Error("the trainer was destroyed");
}
