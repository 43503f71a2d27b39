/** Reads the data file in a zip archive, such as MovieLens. `crates/lab/src/archive.rs` is its twin. */

import type { PartName } from "./wasm.js";

/** Error for an archive that is damaged, or that has no unambiguous data file. */
export class Unclear extends Error {}

/** A file's text, its name and its length. */
export interface Unzipped {
  inner: string;
  bytes: number;
  chunks: ReadableStream<Uint8Array>;
}

interface Entry {
  name: string;
  method: number;
  packed: number;
  bytes: number;
  at: number;
}

/** Returns whether these are the first bytes of an archive. */
export function isZip(first: number[]): boolean {
  return String.fromCharCode(...first.slice(0, 4)) === "PK\x03\x04";
}

/** Opens the only data file of an archive; if there are several, the one whose name is known to contain the part. */
export async function unzip(archive: Blob, part: PartName): Promise<Unzipped> {
  const { name, method, packed, bytes, at } = chosen(await entries(archive), part);
  const local = await view(archive, at, LOCAL);
  const start = at + LOCAL + local.getUint16(26, true) + local.getUint16(28, true);
  const data = archive.slice(start, start + packed).stream();
  if (method === 0) return { inner: name, bytes, chunks: data };
  if (method !== 8) throw new Unclear(`${name} uses an unknown compression method. Unpack it`);
  return { inner: name, bytes, chunks: data.pipeThrough(new DecompressionStream("deflate-raw")) };
}

/** Sizes of the format's records in bytes, without names, and the marks of the last two. */
const LOCAL = 30;
const ENTRY = 46;
const END = 22;
const ENTRY_MARK = 0x02014b50;
const END_MARK = 0x06054b50;

/** The longest comment after the last record. */
const COMMENT = 1 << 16;

const DAMAGED = "it is a damaged zip archive";

/** Returns all files of an archive, except folders, hidden files, readmes and licences. */
async function entries(archive: Blob): Promise<Entry[]> {
  const tail = await view(archive, Math.max(0, archive.size - END - COMMENT));
  let end = tail.byteLength - END;
  while (end >= 0 && tail.getUint32(end, true) !== END_MARK) end--;
  if (end < 0) throw new Unclear(DAMAGED);
  const directory = await view(archive, tail.getUint32(end + 16, true), tail.getUint32(end + 12, true));
  const found: Entry[] = [];
  let at = 0;
  while (at + ENTRY <= directory.byteLength && directory.getUint32(at, true) === ENTRY_MARK) {
    const [flags = 0, method = 0] = [8, 10].map((field) => directory.getUint16(at + field, true));
    const [length = 0, extra = 0, comment = 0] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    const next = at + ENTRY + length + extra + comment;
    if (next > directory.byteLength) throw new Unclear(DAMAGED);
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + ENTRY, length));
    if (flags & 1) throw new Unclear(`${name} is encrypted`);
    const [packed = 0, bytes = 0, local = 0] = [20, 24, 42].map((field) => directory.getUint32(at + field, true));
    found.push({ name, method, packed, bytes, at: local });
    at = next;
  }
  return found.filter(({ name }) => !/(^__MACOSX|\/$|(^|\/)(readme|license|\.)[^/]*$)/i.test(name));
}

/** Names of the parts in MovieLens' archives. */
const KNOWN = {
  items: /(^|\/)(movies\.(csv|dat)|u\.item)$/,
  users: /(^|\/)(users\.(csv|dat)|u\.user)$/,
  pairs: /(^|\/)(ratings\.(csv|dat)|u\.data)$/,
};

function chosen(entries: Entry[], part: PartName): Entry {
  if (entries.some(({ name }) => name === "[Content_Types].xml")) {
    throw new Unclear("it is an Excel workbook. Save the sheet as CSV");
  }
  const known = entries.filter(({ name }) => KNOWN[part === "items" || part === "users" ? part : "pairs"].test(name));
  const [first, second] = entries.length > 1 && known.length === 1 ? known : entries;
  if (first === undefined) throw new Unclear("it contains no file");
  if (second === undefined) return first;
  const names = entries.map(({ name }) => name).join(", ");
  throw new Unclear(`it contains several files: ${names}. Unpack it and choose one`);
}

/** Returns some bytes of an archive; without a length, all bytes after a position. */
async function view(archive: Blob, at: number, length = archive.size - at): Promise<DataView<ArrayBuffer>> {
  const bytes = await archive.slice(at, at + length).arrayBuffer();
  if (bytes.byteLength < length) throw new Unclear(DAMAGED);
  return new DataView(bytes);
}
