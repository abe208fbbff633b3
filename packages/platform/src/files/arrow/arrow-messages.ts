/** Reads the messages of an Arrow file or stream: the kind of each, and the position and length of its body. */

import type { ArrowBytes } from "./arrow-bytes.ts";
import { ArrowDamage, type FlatTable, type MetadataBudget, metadataBudget, rootTable } from "./arrow-flatbuffer.ts";
import { readPairs } from "./arrow-schema.ts";

export type ArrowMessageKind = "schema" | "dictionary batch" | "record batch";

export interface ArrowMessage {
  readonly kind: ArrowMessageKind;
  /** The format's Schema, DictionaryBatch or RecordBatch. */
  readonly header: FlatTable;
  /** Since version 5 unions have no validity buffer. */
  readonly version: 4 | 5;
  readonly budget: MetadataBudget;
  readonly bodyStart: number;
  readonly bodyBytes: number;
  readonly end: number;
}

/** Limit for one message; a schema of 10,000 columns takes two million bytes. */
const metadataBytesMax = 64 * 1024 ** 2;
const continuation = -1;
const kinds: Readonly<Record<number, ArrowMessageKind>> = { 1: "schema", 2: "dictionary batch", 3: "record batch" };
/** The metadata counts versions from 0; versions before the fourth are not supported. */
const versions: Readonly<Record<number, 4 | 5>> = { 3: 4, 4: 5 };

/** @returns undefined at the end of the stream. @throws ArrowDamage */
export function readMessage(bytes: ArrowBytes, start: number, what: string): ArrowMessage | undefined {
  if (start === bytes.sizeBytes) return undefined;
  const first = int32At(bytes, start, what);
  // Arrow before version 0.15 wrote no marker before the length.
  const isMarked = first === continuation;
  const metadataBytes = isMarked ? int32At(bytes, start + 4, what) : first;
  if (metadataBytes === 0) return undefined;
  const metadataStart = start + (isMarked ? 8 : 4);
  if (metadataBytes < 0 || metadataBytes > metadataBytesMax || metadataStart + metadataBytes > bytes.sizeBytes) {
    throw new ArrowDamage(`${what} says that its description has ${metadataBytes} bytes`);
  }
  const bodyStart = metadataStart + metadataBytes;
  // A copy, because the next read overwrites the bytes.
  const message = rootTable(new Uint8Array(bytes.read(metadataStart, metadataBytes)), what);
  const bodyBytes = message.int64(3, 0);
  if (bodyBytes < 0 || bodyStart + bodyBytes > bytes.sizeBytes) {
    const left = bytes.sizeBytes - bodyStart;
    throw new ArrowDamage(`${what} says that ${bodyBytes} bytes belong to it, where ${left} are left`);
  }
  return { ...contentOf(message, what), bodyStart, bodyBytes, end: bodyStart + bodyBytes };
}

function contentOf(message: FlatTable, what: string): Pick<ArrowMessage, "kind" | "header" | "version" | "budget"> {
  const version = versions[message.int16(0, 0)];
  if (version === undefined)
    throw new ArrowDamage(`${what} is of version ${message.int16(0, 0) + 1} of the format; 4 and 5 are read`);
  const kind = kinds[message.uint8(1, 0)];
  const header = message.table(2, what);
  if (kind === undefined || header === undefined)
    throw new ArrowDamage(`${what} is of the kind ${message.uint8(1, 0)}, which is not read`);
  const budget = metadataBudget();
  readPairs(message, 4, what, { budget, pairCount: 0 });
  return { kind, header, version, budget };
}

export function int32At(bytes: ArrowBytes, position: number, what: string): number {
  if (position + 4 > bytes.sizeBytes) throw new ArrowDamage(`it ends within ${what}`);
  const four = bytes.read(position, 4);
  return new DataView(four.buffer, four.byteOffset, 4).getInt32(0, true);
}
