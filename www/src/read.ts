/** Reads the bytes of a table, chunk by chunk, and unpacks them. */

import { TwoTowerError } from "./error.js";
import type { Part } from "./source.js";
import type { Loader, PartName } from "./wasm.js";
import { isZip, Unclear, unzip } from "./zip.js";

/** A table's text. */
export interface Text {
  chunks: ReadableStream<Uint8Array>;
  /** How it was packed. */
  packed: "gzip" | "zip" | undefined;
  /** Its name within an archive. */
  inner?: string;
  /** Its unpacked length, if the archive states it. */
  bytes?: number;
}

/** Opens a table. Its first bytes show whether it is packed; its name does not matter. */
export async function open(body: Blob | ReadableStream<Uint8Array>, part: PartName): Promise<Text> {
  const reader = (body instanceof Blob ? body.stream() : body).getReader();
  const head: Uint8Array[] = [];
  let length = 0;
  while (length < FIRST) {
    const { done, value } = await reader.read();
    if (done) break;
    head.push(value);
    length += value.length;
  }
  const first = head.flatMap((chunk) => [...chunk.subarray(0, FIRST)]);
  const whole = resume(head, reader);
  if (GZIP.every((byte, ix) => first[ix] === byte)) {
    return { packed: "gzip", chunks: whole.pipeThrough(new DecompressionStream("gzip")) };
  }
  // The directory of an archive is at its end, so the whole archive is read first.
  if (isZip(first)) return { packed: "zip", ...(await unzip(await new Response(whole).blob(), part)) };
  return { packed: undefined, chunks: whole };
}

/** Number of bytes that show how a table is packed. */
const FIRST = 4;

/** First bytes of every gzip file (RFC 1952). */
const GZIP = [0x1f, 0x8b];

/** Returns the chunks that were already read, then the rest. */
function resume(
  head: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const value = head.shift() ?? (await reader.read()).value;
      if (value) controller.enqueue(value as Uint8Array<ArrayBuffer>);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Reads a part of a source, chunk by chunk. */
export async function readInto(loader: Loader, { part, name, body, size }: Part): Promise<void> {
  const refuse = (problem: string) => (cause: unknown): never => {
    const reason = cause instanceof Error ? ` (${cause.message})` : "";
    throw TwoTowerError.data(name, cause instanceof Unclear ? cause.message : problem + reason, cause);
  };
  const unreadable = "it could not be read completely";
  const { chunks, packed, inner, bytes } = await open(body, part).catch(refuse(unreadable));
  const length = packed === undefined ? size : bytes;
  loader.begin(part, inner === undefined ? name.replace(/\.gz$/i, "") : `${name}/${inner}`, length);
  const reader = chunks.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(refuse(packed ? `it is not a complete ${packed} file` : unreadable));
    if (done) return;
    loader.push(value);
  }
}
