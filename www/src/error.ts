/** The error type of the package, and its transfer from the worker to the page. */

import { transferHandlers, type TransferHandler } from "comlink";

/** Stable names of the kinds of error: those of the crate, then the package's own. */
export const CODES = [
  "config",
  "not-available",
  "data",
  "checkpoint",
  "unknown-id",
  "insecure-context",
  "no-webgpu",
  "no-adapter",
  "device-refused",
  "limit",
  "out-of-memory",
  "device-lost",
  "gpu",
  "non-finite",
  "busy",
  "aborted",
  "destroyed",
  "worker",
] as const;

/** Stable name of a kind of error. */
export type ErrorCode = (typeof CODES)[number];

/** The error of every {@link Trainer} call that fails: a code to act on, a sentence to show, and data. */
export class TwoTowerError extends Error {
  override readonly name = "TwoTowerError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Converts a thrown value to a typed error. Values without a code of {@link CODES} get the code `worker`. */
  static from(thrown: unknown): TwoTowerError {
    if (thrown instanceof TwoTowerError) return thrown;
    const { code, message, data } = Object(thrown) as Partial<Record<keyof TwoTowerError, unknown>>;
    const sentence = typeof message === "string" ? message : String(thrown);
    // The code of a `DOMException` is a number.
    return isCode(code)
      ? new TwoTowerError(code, sentence, data as TwoTowerError["data"], { cause: thrown })
      : new TwoTowerError("worker", sentence, {}, { cause: thrown });
  }

  /** Returns the error for a problem with a file or with a part of the data. */
  static data(file: string, problem: string, cause?: unknown): TwoTowerError {
    return new TwoTowerError("data", `${file}: ${problem}`, { file, problem, lines: [] }, { cause });
  }
}

/** Runs the work. Rejects with a typed error if it throws. */
export async function typed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw TwoTowerError.from(thrown);
  }
}

function isCode(code: unknown): code is ErrorCode {
  return (CODES as readonly unknown[]).includes(code);
}

interface Thrown {
  value: unknown;
}
interface Sent {
  code: ErrorCode;
  message: string;
  data: Readonly<Record<string, unknown>>;
}

/** Keeps the code and data of errors that cross the worker's port. Called on both sides. */
export function carryErrors(): void {
  // Comlink's own handler keeps only an error's name, message and stack.
  const plain = transferHandlers.get("throw") as TransferHandler<Thrown, unknown>;
  const typed: TransferHandler<Thrown, Sent> = {
    canHandle: (value): value is Thrown => plain.canHandle(value),
    serialize: ({ value }) => {
      const { code, message, data } = TwoTowerError.from(value);
      return [{ code, message, data }, []];
    },
    deserialize: ({ code, message, data }) => {
      throw new TwoTowerError(code, message, data);
    },
  };
  transferHandlers.set("throw", typed);
}
