/** Bytes of a table, chunk by chunk, with gzip undone. */

/** A table's text, chunk by chunk, and whether it was packed. */
export interface Text {
  chunks: ReadableStream<Uint8Array>;
  gzip: boolean;
}

/** Opens a table; whether it is gzip is told by its first bytes, not by its name. */
export async function open(body: ReadableStream<Uint8Array>): Promise<Text> {
  const reader = body.getReader();
  const head: Uint8Array[] = [];
  let length = 0;
  while (length < GZIP.length) {
    const { done, value } = await reader.read();
    if (done) break;
    head.push(value);
    length += value.length;
  }
  const bytes = head.flatMap((chunk) => [...chunk.subarray(0, GZIP.length)]);
  const gzip = GZIP.every((byte, ix) => bytes[ix] === byte);
  const whole = resume(head, reader);
  return { gzip, chunks: gzip ? whole.pipeThrough(new DecompressionStream("gzip")) : whole };
}

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
