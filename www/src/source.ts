/** Converts the caller's data to named parts that can be sent to the worker. */

import { TwoTowerError } from "./error.js";
import type { NewData, Source, Table } from "./types.js";
import type { PartName } from "./wasm.js";

/** One table on its way to the worker. */
export interface Part {
  part: PartName;
  /** File name, which shows the format and appears in errors. */
  name: string;
  body: Blob | ReadableStream<Uint8Array>;
  /** Length in bytes before unpacking, if known. */
  size?: number;
}

/** Returns the parts in the order in which they are read. New data may lack a test part. */
export function partsOf(source: Source | NewData, isNew = false): Part[] {
  if (!hasParts(source)) return [part("all", source)];
  const { items, users, ...tables } = source;
  const parts =
    "data" in tables
      ? [part("all", tables.data)]
      : [
          part("train", tables.train),
          ...(tables.validation === undefined ? [] : [part("validation", tables.validation)]),
          ...(isNew && tables.test === undefined ? [] : [part("test", tables.test)]),
        ];
  return [
    ...parts,
    ...(items === undefined ? [] : [part("items", items)]),
    ...(users === undefined ? [] : [part("users", users)]),
  ];
}

let blobsCanBeSent = true;

/**
 * Makes blobs travel as streams. Node.js cannot send the blob of a file on disk. If another blob contains such a blob,
 * sending it ends the process.
 */
export function sendBlobsAsStreams(): void {
  blobsCanBeSent = false;
}

/** Returns the parts in a form that can be sent. Where streams cannot be sent (Safari), they are read first. */
export async function sendable(parts: Part[]): Promise<{ parts: Part[]; transfer: Transferable[] }> {
  if (streamsCanBeSent()) {
    const sent = blobsCanBeSent ? parts : parts.map((part) => ({ ...part, body: streamOf(part.body) }));
    const transfer = sent.map(({ body }) => body).filter((body) => body instanceof ReadableStream);
    return { parts: sent, transfer };
  }
  const blobs = parts.map(async (part) => ({ ...part, body: await new Response(part.body).blob() }));
  return { parts: await Promise.all(blobs), transfer: [] };
}

function hasParts(source: unknown): source is Exclude<Source | NewData, Table> {
  return typeof source === "object" && source !== null && !isTable(source);
}

function isTable(source: unknown): source is Table {
  return (
    typeof source === "string" ||
    source instanceof Blob ||
    source instanceof Response ||
    source instanceof ReadableStream
  );
}

function part(part: PartName, table: unknown): Part {
  const unnamed = part === "all" ? "data" : part;
  if (!isTable(table)) throw TwoTowerError.data(unnamed, "it is not a Response, Blob, stream or string");
  if (typeof table === "string") return ofBlob(part, unnamed, new Blob([table]));
  if (table instanceof Blob) return ofBlob(part, table instanceof File ? table.name : unnamed, table);
  const { name, body } = table instanceof Response ? opened(table, unnamed) : { name: unnamed, body: table };
  if (body instanceof ReadableStream && body.locked) throw TwoTowerError.data(name, "it has been read before");
  return { part, name, body };
}

function ofBlob(part: PartName, name: string, blob: Blob): Part {
  return { part, name, body: blob, size: blob.size };
}

function opened(response: Response, unnamed: string): Omit<Part, "part"> {
  const name = response.url === "" ? unnamed : decoded(new URL(response.url).pathname.split("/").at(-1) ?? unnamed);
  if (!response.ok) throw TwoTowerError.data(name, `the server answered ${String(response.status)}`);
  return { name, body: response.body ?? new Blob() };
}

/** Decodes a part of an address. Returns it unchanged if its encoding is invalid. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function streamOf(body: Part["body"]): ReadableStream<Uint8Array> {
  return body instanceof Blob ? body.stream() : body;
}

function streamsCanBeSent(): boolean {
  const stream = new ReadableStream();
  try {
    structuredClone(stream, { transfer: [stream] });
    return true;
  } catch {
    return false;
  }
}
