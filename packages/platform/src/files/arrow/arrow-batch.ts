/** Checks one Arrow record batch, or the batch in a dictionary: lengths, buffers, and references between buffers. */

import type { ArrowBytes } from "./arrow-bytes.ts";
import { checkBits, checkIndexes, checkOffsets, checkRunEnds, checkSlices, checkUnion, checkViews } from "./arrow-buffers.ts";
import type { ArrowCounts } from "./arrow-counts.ts";
import type { DictionaryTexts } from "./arrow-dictionary.ts";
import { ArrowDamage, type FlatTable, type FlatVector } from "./arrow-flatbuffer.ts";
import type { ArrowMessage } from "./arrow-messages.ts";
import type { ArrowField } from "./arrow-schema.ts";

/** The bytes of the file or body that a buffer occupies. */
export interface BufferRange {
  readonly start: number;
  readonly sizeBytes: number;
}

/** The values of one field in one batch. */
export interface FieldNode {
  readonly length: number;
  readonly nullCount: number;
  /** Empty if no value is missing. */
  readonly validity: BufferRange;
}

/** State of reading a batch: the next node and buffer, and the field that they belong to. */
export interface BatchReading {
  readonly bytes: ArrowBytes;
  readonly counts: ArrowCounts;
  readonly dictionaries: ReadonlyMap<number, DictionaryTexts>;
  readonly version: 4 | 5;
  readonly bodyStart: number;
  readonly bodyBytes: number;
  readonly nodes: FlatVector;
  readonly buffers: FlatVector;
  readonly viewBufferCounts: FlatVector;
  nodeIndex: number;
  bufferIndex: number;
  viewColumnIndex: number;
  /** Bytes of dictionary texts in the batch, counted once for each row that refers to them, over all columns. */
  repeatedTextBytes: number;
  /** "record batch 3", and then the names of the fields. */
  readonly place: string[];
}

export interface ArrowBatch {
  readonly message: ArrowMessage;
  /** The format's RecordBatch. */
  readonly table: FlatTable;
  readonly fields: readonly ArrowField[];
  readonly place: string;
  /** For a dictionary's batch: collects the length of each text. */
  readonly texts?: DictionaryTexts;
}

/** Buffers are aligned, so that typed arrays can read their numbers in place. */
export const alignmentBytes = 8;
const noBytes: BufferRange = { start: 0, sizeBytes: 0 };

/** @returns the number of rows. Yields after each piece of work, so that the caller can stop or run other events. */
export function* checkBatch(
  bytes: ArrowBytes,
  { message, table, fields, place, texts }: ArrowBatch,
  state: Pick<BatchReading, "counts" | "dictionaries">,
): Generator<void, number> {
  const length = table.int64(0, 0);
  if (length < 0) throw new ArrowDamage(`${place} has ${length} rows`);
  const reading: BatchReading = {
    ...state,
    bytes,
    version: message.version,
    bodyStart: message.bodyStart,
    bodyBytes: message.bodyBytes,
    nodes: table.vector(1, 16, place),
    buffers: table.vector(2, 16, place),
    viewBufferCounts: table.vector(4, 8, place),
    nodeIndex: 0,
    bufferIndex: 0,
    viewColumnIndex: 0,
    repeatedTextBytes: 0,
    place: [place],
  };
  requireSeparateBuffers(reading);
  for (const field of fields) yield* checkField(reading, field, { exactly: length, texts });
  const { nodes, nodeIndex, buffers, bufferIndex } = reading;
  if (nodes.count !== nodeIndex)
    throw new ArrowDamage(`${place} describes ${nodes.count} fields where the schema has ${nodeIndex}`);
  if (buffers.count !== bufferIndex)
    throw new ArrowDamage(`${place} has ${buffers.count} buffers where the schema has ${bufferIndex}`);
  return length;
}

/** Refuses overlapping buffers, with which a few bytes could stand for many. */
function requireSeparateBuffers({ buffers, bodyBytes, place }: BatchReading): void {
  let sumBytes = 0;
  for (let index = 0; index < buffers.count; index++) sumBytes += Math.max(0, buffers.int64(index, 8));
  if (sumBytes <= bodyBytes) return;
  throw new ArrowDamage(`${place[0]} has buffers of ${sumBytes} bytes together in a body of ${bodyBytes}`);
}

interface Expected {
  readonly exactly?: number;
  readonly atLeast?: number;
  readonly texts?: DictionaryTexts | undefined;
}

/** @returns the field's length. */
function* checkField(reading: BatchReading, field: ArrowField, expected: Expected): Generator<void, number> {
  reading.place.push(`${reading.place.length === 1 ? "column" : "field"} ${JSON.stringify(field.name)}`);
  // A dictionary-encoded field has one buffer of indexes, whatever the type of the dictionary's values.
  const hasValidity = field.dictionary !== undefined || mayMiss(field, reading.version);
  const node = yield* nextNode(reading, expected, hasValidity);
  if (field.dictionary === undefined) yield* checkValues(reading, field, node, expected.texts);
  else {
    const { id, indexBytes } = field.dictionary;
    const buffer = nextBuffer(reading, node.length * indexBytes);
    yield* checkIndexes(reading, { node, buffer, indexBytes, dictionaryId: id, dictionary: reading.dictionaries.get(id) });
  }
  reading.place.pop();
  return node.length;
}

export function mayMiss({ layout }: ArrowField, version: 4 | 5): boolean {
  if (layout.kind === "union") return version === 4;
  return layout.kind !== "none" && layout.kind !== "runs";
}

function* checkValues(
  reading: BatchReading,
  field: ArrowField,
  node: FieldNode,
  texts: DictionaryTexts | undefined,
): Generator<void> {
  const { layout, children } = field;
  const { length } = node;
  switch (layout.kind) {
    case "none":
      return;
    case "fixed":
      nextBuffer(reading, length * layout.widthBytes);
      return;
    case "bits":
      nextBuffer(reading, Math.ceil(length / 8));
      return;
    case "texts": {
      const offsets = nextOffsets(reading, length, layout.offsetBytes);
      const held = nextBuffer(reading, 0);
      yield* checkOffsets(reading, { offsets, length, ...layout, endMax: held.sizeBytes, what: "texts", texts });
      return;
    }
    case "views": {
      const views = nextBuffer(reading, length * 16);
      const buffers = nextViewBuffers(reading);
      yield* checkViews(reading, { views, node, buffers, texts });
      return;
    }
    case "list": {
      const offsets = nextOffsets(reading, length, layout.offsetBytes);
      const endMax = yield* checkField(reading, children[0], { atLeast: 0 });
      yield* checkOffsets(reading, { offsets, length, ...layout, endMax, what: "elements" });
      return;
    }
    case "list view": {
      const { offsetBytes } = layout;
      const offsets = nextBuffer(reading, length * offsetBytes);
      const sizes = nextBuffer(reading, length * offsetBytes);
      const endMax = yield* checkField(reading, children[0], { atLeast: 0 });
      yield* checkSlices(reading, { offsets, sizes, node, offsetBytes, endMax });
      return;
    }
    case "fixed list":
      yield* checkField(reading, children[0], { atLeast: length * layout.listSize });
      return;
    case "struct":
      for (const child of children) yield* checkField(reading, child, { atLeast: length });
      return;
    case "union": {
      const ids = nextBuffer(reading, length);
      const offsets = layout.isDense ? nextBuffer(reading, length * 4) : undefined;
      const lengths: number[] = [];
      for (const child of children) lengths.push(yield* checkField(reading, child, { atLeast: layout.isDense ? 0 : length }));
      yield* checkUnion(reading, { ids, offsets, length, childOfTypeId: layout.childOfTypeId, lengths });
      return;
    }
    case "runs": {
      const ends = rangeAt(reading, reading.bufferIndex + 1);
      const runCount = yield* checkField(reading, children[0], { atLeast: 0 });
      yield* checkField(reading, children[1], { exactly: runCount });
      const { layout: endLayout } = children[0];
      const endBytes = endLayout.kind === "fixed" ? endLayout.widthBytes : 0;
      yield* checkRunEnds(reading, { ends, runCount, endBytes, length });
    }
  }
}

export function placeOf({ place }: Pick<BatchReading, "place">): string {
  return place.join(", ");
}

function* nextNode(reading: BatchReading, { exactly, atLeast = 0 }: Expected, hasValidity: boolean): Generator<void, FieldNode> {
  const { nodes, nodeIndex, counts } = reading;
  if (nodeIndex >= nodes.count) throw new ArrowDamage(`${placeOf(reading)} is not described`);
  const [length, nullCount] = [nodes.int64(nodeIndex, 0), nodes.int64(nodeIndex, 8)];
  reading.nodeIndex++;
  const wanted = exactly ?? `at least ${atLeast}`;
  if (length < 0 || (exactly === undefined ? length < atLeast : length !== exactly)) {
    throw new ArrowDamage(`${placeOf(reading)} has ${length} values where ${wanted} belong`);
  }
  if (nullCount < 0 || nullCount > length) {
    throw new ArrowDamage(`${placeOf(reading)} says that ${nullCount} of its ${length} values are missing`);
  }
  counts.addValues(length);
  if (!hasValidity) return { length, nullCount: 0, validity: noBytes };
  const validity = nextBuffer(reading, 0);
  if (validity.sizeBytes > 0 || nullCount > 0) {
    requireBytes(reading, validity, Math.ceil(length / 8));
    yield* checkBits(reading, { length, nullCount, validity });
  }
  return { length, nullCount, validity };
}

/** There is one more offset than values; for no values the buffer may be empty. */
function nextOffsets(reading: BatchReading, length: number, offsetBytes: number): BufferRange {
  return nextBuffer(reading, length === 0 ? 0 : (length + 1) * offsetBytes);
}

function nextBuffer(reading: BatchReading, sizeBytesMin: number): BufferRange {
  const range = rangeAt(reading, reading.bufferIndex++);
  requireBytes(reading, range, sizeBytesMin);
  return range;
}

function rangeAt(reading: BatchReading, index: number): BufferRange {
  const { buffers, bodyStart, bodyBytes } = reading;
  if (index >= buffers.count) throw new ArrowDamage(`${placeOf(reading)} lacks a buffer`);
  const [offset, sizeBytes] = [buffers.int64(index, 0), buffers.int64(index, 8)];
  const isAligned = sizeBytes === 0 || offset % alignmentBytes === 0;
  if (offset < 0 || sizeBytes < 0 || offset + sizeBytes > bodyBytes || !isAligned) {
    throw new ArrowDamage(`${placeOf(reading)} has a buffer of ${sizeBytes} bytes at ${offset} in a body of ${bodyBytes}`);
  }
  return { start: bodyStart + offset, sizeBytes };
}

function requireBytes(reading: BatchReading, { sizeBytes }: BufferRange, sizeBytesMin: number): void {
  if (sizeBytes >= sizeBytesMin) return;
  throw new ArrowDamage(`${placeOf(reading)} has a buffer of ${sizeBytes} bytes where its values take ${sizeBytesMin}`);
}

function nextViewBuffers(reading: BatchReading): readonly BufferRange[] {
  const { viewBufferCounts, viewColumnIndex } = reading;
  const count = viewColumnIndex < viewBufferCounts.count ? viewBufferCounts.int64(viewColumnIndex, 0) : -1;
  reading.viewColumnIndex++;
  if (count < 0 || count > reading.buffers.count - reading.bufferIndex) {
    throw new ArrowDamage(`${placeOf(reading)} says that its texts lie in ${count} buffers`);
  }
  return Array.from({ length: count }, () => nextBuffer(reading, 0));
}
