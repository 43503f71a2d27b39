/** Stores the runs that this browser keeps: descriptions in one store, files in another. */

import { type Config, type EpochReport, type Final, type Metrics, TwoTowerError } from "../index.js";
import { scaled } from "../panels/format.js";
import type { Points } from "../panels/loss-curve.js";

/** Maximum number of bytes of all kept runs together. */
export const BUDGET = 256e6;

/** Maximum time in milliseconds until the browser's storage answers. */
const PATIENCE = 10_000;

const DATABASE = "twotower";
const RUNS = "runs";
const FILES = "files";

/** Description of a run, enough to list and compare it without its file. */
export interface PastRun {
  id: string;
  name: string;
  /** Whether the visitor asked to keep it. Only the visitor removes such a run. */
  isWanted: boolean;
  /** Time when it was kept, in milliseconds since 1970. */
  time: number;
  /** Name of its data, and words for its users and items. */
  data: string;
  words: { user: string; item: string; history: string };
  config: Config;
  epochs: readonly EpochReport[];
  final: Final | undefined;
  popularity: Metrics | undefined;
  curve: Points;
  /** Bytes of its file. */
  size: number;
}

/** The kept runs, the latest first, and the keys of records that this page cannot read. */
export interface PastRunList {
  runs: PastRun[];
  unreadable: IDBValidKey[];
}

/** Lists the kept runs. Checks each record, because another version of the page may have written it. */
export async function listRuns(): Promise<PastRunList> {
  const found = await within([RUNS], "readonly", async (store) => {
    const runs = store(RUNS);
    return Promise.all([done(runs.getAllKeys()), done<unknown[]>(runs.getAll())]);
  });
  const [keys, records] = found;
  const runs = records.filter((record, ix): record is PastRun => isPastRun(record) && record.id === keys[ix]);
  const ids = new Set<IDBValidKey>(runs.map(({ id }) => id));
  return { runs: runs.toSorted((a, b) => b.time - a.time), unreadable: keys.filter((key) => !ids.has(key)) };
}

/** Keeps a run. To make room, removes the oldest runs that the visitor did not ask to keep. */
export async function keepRun(run: PastRun, file: Blob): Promise<void> {
  const { runs } = await listRuns();
  const others = runs.filter(({ id }) => id !== run.id);
  const leaving = roomFor(run.size, others);
  await within([RUNS, FILES], "readwrite", (store) => {
    store(FILES).put(file, run.id);
    store(RUNS).put(run, run.id);
    for (const id of leaving) for (const name of [RUNS, FILES]) store(name).delete(id);
  });
}

/** Changes the description of a run. */
export function changeRun(run: PastRun): Promise<void> {
  return within([RUNS], "readwrite", (store) => void store(RUNS).put(run, run.id));
}

/** Returns the file of a run. */
export async function fileOf(id: string): Promise<Blob> {
  const file = await within([FILES], "readonly", (store) => done<unknown>(store(FILES).get(id)));
  if (!(file instanceof Blob)) throw problem("This browser no longer has the file of this run.");
  return file;
}

/** Removes runs. */
export function removeRuns(ids: readonly IDBValidKey[]): Promise<void> {
  return within([RUNS, FILES], "readwrite", (store) => {
    for (const id of ids) for (const name of [RUNS, FILES]) store(name).delete(id);
  });
}

/** Returns the ids of the runs to remove, to make room for another one. */
function roomFor(size: number, runs: readonly PastRun[]): string[] {
  const leaving: string[] = [];
  let taken = size + runs.reduce((sum, run) => sum + run.size, 0);
  for (const run of runs.toReversed()) {
    if (taken <= BUDGET) break;
    if (run.isWanted) continue;
    leaving.push(run.id);
    taken -= run.size;
  }
  if (taken <= BUDGET) return leaving;
  const most = scaled(BUDGET, "B");
  throw problem(
    size > BUDGET
      ? `This run takes ${scaled(size, "B")}; the page keeps at most ${most}.`
      : `There is no room: the page keeps at most ${most}, and the runs that you kept or named use all of it. Delete one of them.`,
  );
}

/** Runs some work in a transaction, and waits until the browser has written the result. */
async function within<T>(
  names: readonly string[],
  mode: IDBTransactionMode,
  work: (store: (name: string) => IDBObjectStore) => T | Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(problem("The browser’s storage does not answer.")), PATIENCE);
  });
  try {
    return await Promise.race([late, transact(names, mode, work)]);
  } catch (thrown) {
    throw thrown instanceof TwoTowerError ? thrown : problem(sentenceOf(thrown), thrown);
  } finally {
    clearTimeout(timer);
  }
}

async function transact<T>(
  names: readonly string[],
  mode: IDBTransactionMode,
  work: (store: (name: string) => IDBObjectStore) => T | Promise<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction([...names], mode);
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new DOMException("", "AbortError"));
    });
    // If the work throws, its error is reported instead.
    ended.catch(() => undefined);
    const [result] = await Promise.all([work((name) => transaction.objectStore(name)), ended]);
    return result;
  } finally {
    database.close();
  }
}

/** Returns an error with a sentence to show: why a run cannot be kept or opened. */
function problem(sentence: string, cause?: unknown): TwoTowerError {
  return new TwoTowerError("not-available", sentence, {}, { cause });
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    // Throws if a page has no storage.
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const name of [RUNS, FILES]) request.result.createObjectStore(name);
    };
    request.onblocked = () => reject(problem("Another tab of this page blocks its storage. Close that tab."));
    request.onerror = () => reject(request.error ?? new DOMException("", "UnknownError"));
    request.onsuccess = () => resolve(request.result);
  });
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("", "UnknownError"));
  });
}

/** Returns a sentence on a browser's error. The browser's own message is for developers, or empty. */
function sentenceOf(thrown: unknown): string {
  const name = thrown instanceof DOMException || thrown instanceof Error ? thrown.name : "";
  switch (name) {
    case "QuotaExceededError":
      return "There is no room left in this browser.";
    case "VersionError":
      return "Another version of this page has used its storage. Reload the page.";
    case "AbortError":
      return "The browser stopped before the run was written.";
    case "NotFoundError":
    case "DataCloneError":
      return "The stored data does not have the format of this page.";
    case "SecurityError":
    case "InvalidStateError":
    case "TypeError":
    case "ReferenceError":
      return "This browser blocks the storage of this page.";
    default:
      return `The browser’s storage failed${name ? ` (${name})` : ""}.`;
  }
}

/** Returns whether an epoch's report has the numbers that the page shows. */
function isEpoch(report: unknown): boolean {
  const { epoch, loss, ...others } = Object(report) as Partial<EpochReport>;
  const metrics = [others["recall@20"], others["ndcg@20"]] as unknown[];
  return [epoch, loss].every(Number.isFinite) && metrics.every((metric) => metric === undefined || Number.isFinite(metric));
}

/** Returns whether a record has the format that this page writes. */
function isPastRun(record: unknown): record is PastRun {
  const { id, name, isWanted, time, data, words, config, epochs, final, popularity, curve, size } = Object(record) as Record<keyof PastRun, unknown>;
  const isText = (value: unknown): boolean => typeof value === "string";
  const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
  const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
  const areNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);
  const { user, item, history } = Object(words) as Record<string, unknown>;
  const points = Object(curve) as Record<keyof Points, unknown>;
  return (
    [id, name, data, user, item, history].every(isText) &&
    typeof isWanted === "boolean" &&
    [time, size].every(isNumber) &&
    isObject(config) &&
    Array.isArray(epochs) &&
    epochs.every(isEpoch) &&
    [final, popularity].every((value) => value === undefined || isObject(value)) &&
    areNumbers(points.epochs) &&
    areNumbers(points.losses)
  );
}
