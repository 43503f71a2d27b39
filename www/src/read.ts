/** Bytes of a table, chunk by chunk, unpacked. */

import type { PartName } from "./wasm.js";
import { isZip, unzip } from "./zip.js";

/** A table's text. */
export interface Text {
  chunks: ReadableStream<Uint8Array>;
  /** How it was packed. */
  packed: "gzip" | "zip" | undefined;
  /** Its name within an archive. */
  inner?: string;
  /** Its length unpacked, if the archive tells it. */
  bytes?: number;
}

/** Opens a table; its first bytes tell whether it is packed, not its name. */
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
  // The directory of an archive is at its end.
  if (isZip(first)) return { packed: "zip", ...(await unzip(await new Response(whole).blob(), part)) };
  return { packed: undefined, chunks: whole };
}

/** Bytes that tell how a table is packed. */
const FIRST = 4;

/** First bytes of every gzip file (RFC 1952). */
const GZIP = [0x1f, 0x8b];

/** The chunks that were read already, then the rest. */
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
