/** Checks the content of Arrow buffers in pieces of bounded size: offsets, dictionary indexes, views, runs. */

import { type BatchReading, type BufferRange, type FieldNode, placeOf } from "./arrow-batch.ts";
import type { DictionaryTexts } from "./arrow-dictionary.ts";
import { ArrowDamage } from "./arrow-flatbuffer.ts";

/** Values checked in one piece. A multiple of eight, so that the validity bits of each piece begin with a byte. */
const pieceLength = 1 << 16;
const pieceBytesMax = (pieceLength + 1) * 16;
/** A view has 16 bytes, and holds texts of up to 12 bytes itself. */
const viewBytes = 16;
const inlineBytesMax = 12;

const countOfBits = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Compares the number of missing values with the validity bits. @param node has validity bits. */
export function* checkBits(reading: BatchReading, { length, nullCount, validity }: FieldNode): Generator<void> {
  const wholeBytes = Math.floor(length / 8);
  let presentCount = 0;
  for (let start = 0; start < wholeBytes; start += pieceBytesMax) {
    presentCount += bitCount(reading.bytes.read(validity.start + start, Math.min(pieceBytesMax, wholeBytes - start)));
    yield;
  }
  const rest = length % 8;
  if (rest > 0) presentCount += countOfBits[reading.bytes.read(validity.start + wholeBytes, 1)[0] & (2 ** rest - 1)];
  if (presentCount === length - nullCount) return;
  throw new ArrowDamage(
    `${placeOf(reading)} says that ${nullCount} of its values are missing, and marks ${length - presentCount} as such`,
  );
}

function bitCount(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) count += countOfBits[bytes[at]];
  return count;
}

interface Offsets {
  readonly offsets: BufferRange;
  /** Number of values; each lies between two offsets. */
  readonly length: number;
  readonly offsetBytes: 4 | 8;
  readonly endMax: number;
  readonly what: "texts" | "elements";
  readonly texts?: DictionaryTexts | undefined;
}

/** Checks that offsets never decrease and stay within the buffer that they point into. */
export function* checkOffsets(reading: BatchReading, given: Offsets): Generator<void> {
  const { offsets, length, offsetBytes, endMax, what, texts } = given;
  if (length === 0) return;
  let previous = 0;
  let first = 0;
  let longest = 0;
  for (let start = 0; start <= length; start += pieceLength) {
    const values = wholeNumbersAt(
      reading,
      offsets.start + start * offsetBytes,
      Math.min(pieceLength, length + 1 - start),
      offsetBytes,
    );
    if (start === 0) first = previous = values[0];
    for (let index = 0; index < values.length; index++) {
      const size = values[index] - previous;
      // Offsets are read unsigned, so a negative one is too large.
      if (size < 0 || values[index] > endMax) throw wrongOffset(reading, start + index, values[index], given);
      if (size > longest) longest = size;
      if (texts !== undefined && start + index > 0) texts.addLength(size);
      previous = values[index];
    }
    yield;
  }
  if (what === "texts" && texts === undefined) reading.counts.addTexts(previous - first, longest);
}

function wrongOffset(reading: BatchReading, index: number, value: number, { endMax, what }: Offsets): ArrowDamage {
  const unit = what === "texts" ? "bytes of texts" : "elements";
  return new ArrowDamage(
    `${placeOf(reading)} has the offset ${value} in place ${index}, which falls, or passes its ${endMax} ${unit}`,
  );
}

interface Indexes {
  readonly node: FieldNode;
  readonly buffer: BufferRange;
  readonly indexBytes: 1 | 2 | 4 | 8;
  readonly dictionaryId: number;
  readonly dictionary: DictionaryTexts | undefined;
}

/** Checks that dictionary indexes are within the dictionary; those of missing values may be anything. */
export function* checkIndexes(
  reading: BatchReading,
  { node, buffer, indexBytes, dictionaryId, dictionary }: Indexes,
): Generator<void> {
  const entryCount = dictionary?.entryCount ?? 0;
  const lengths = dictionary?.lengths;
  const repeatedBefore = reading.repeatedTextBytes;
  for (let start = 0; start < node.length; start += pieceLength) {
    const count = Math.min(pieceLength, node.length - start);
    const isPresent = presentAt(reading, node, start, count);
    const values = wholeNumbersAt(reading, buffer.start + start * indexBytes, count, indexBytes);
    let textBytes = 0;
    for (let index = 0; index < count; index++) {
      if (isPresent !== undefined && ((isPresent[index >> 3] >> (index & 7)) & 1) === 0) continue;
      if (values[index] >= entryCount) {
        const found = dictionary === undefined ? "which has not come" : `which has ${entryCount} entries`;
        throw new ArrowDamage(
          `${placeOf(reading)}, row ${start + index} has the place ${values[index]} in dictionary ${dictionaryId}, ${found}`,
        );
      }
      textBytes += lengths?.[values[index]] ?? 0;
    }
    reading.counts.addTexts(textBytes, dictionary?.longestBytes ?? 0);
    reading.repeatedTextBytes = Math.max(reading.repeatedTextBytes, repeatedBefore + textBytes);
    reading.counts.requireRepeated(reading.repeatedTextBytes);
    yield;
  }
}

interface Views {
  readonly views: BufferRange;
  readonly node: FieldNode;
  readonly buffers: readonly BufferRange[];
  readonly texts: DictionaryTexts | undefined;
}

/** Checks that texts longer than a view lie within one of the buffers. */
export function* checkViews(reading: BatchReading, { views, node, buffers, texts }: Views): Generator<void> {
  for (let start = 0; start < node.length; start += pieceLength) {
    const count = Math.min(pieceLength, node.length - start);
    const isPresent = presentAt(reading, node, start, count);
    const bytes = reading.bytes.read(views.start + start * viewBytes, count * viewBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let [textBytes, longest] = [0, 0];
    for (let index = 0; index < count; index++) {
      const isMissing = isPresent !== undefined && ((isPresent[index >> 3] >> (index & 7)) & 1) === 0;
      const size = isMissing ? 0 : view.getInt32(index * viewBytes, true);
      if (size < 0 || (size > inlineBytesMax && !liesWithin(view, index * viewBytes, size, buffers))) {
        throw new ArrowDamage(`${placeOf(reading)}, row ${start + index} has a text of ${size} bytes outside of its buffers`);
      }
      texts?.addLength(size);
      textBytes += size;
      if (size > longest) longest = size;
    }
    if (texts === undefined) reading.counts.addTexts(textBytes, longest);
    yield;
  }
}

function liesWithin(view: DataView, at: number, size: number, buffers: readonly BufferRange[]): boolean {
  const [bufferIndex, offset] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
  return bufferIndex >= 0 && bufferIndex < buffers.length && offset >= 0 && offset + size <= buffers[bufferIndex].sizeBytes;
}

interface Slices {
  readonly offsets: BufferRange;
  readonly sizes: BufferRange;
  readonly node: FieldNode;
  readonly offsetBytes: 4 | 8;
  readonly endMax: number;
}

/** Checks list views, which may overlap, and counts the elements of each. */
export function* checkSlices(reading: BatchReading, { offsets, sizes, node, offsetBytes, endMax }: Slices): Generator<void> {
  for (let start = 0; start < node.length; start += pieceLength) {
    const count = Math.min(pieceLength, node.length - start);
    const isPresent = presentAt(reading, node, start, count);
    const starts = wholeNumbersAt(reading, offsets.start + start * offsetBytes, count, offsetBytes).slice();
    const lengths = wholeNumbersAt(reading, sizes.start + start * offsetBytes, count, offsetBytes);
    let elementCount = 0;
    for (let index = 0; index < count; index++) {
      if (isPresent !== undefined && ((isPresent[index >> 3] >> (index & 7)) & 1) === 0) continue;
      if (starts[index] + lengths[index] > endMax) {
        throw new ArrowDamage(`${placeOf(reading)}, row ${start + index} has a list that passes its ${endMax} elements`);
      }
      elementCount += lengths[index];
    }
    reading.counts.addValues(elementCount);
    yield;
  }
}

interface UnionGiven {
  readonly ids: BufferRange;
  /** Dense unions only. */
  readonly offsets: BufferRange | undefined;
  readonly length: number;
  readonly childOfTypeId: ReadonlyMap<number, number>;
  /** Length of each inner field. */
  readonly lengths: readonly number[];
}

export function* checkUnion(
  reading: BatchReading,
  { ids, offsets, length, childOfTypeId, lengths }: UnionGiven,
): Generator<void> {
  for (let start = 0; start < length; start += pieceLength) {
    const count = Math.min(pieceLength, length - start);
    const typeIds = new Uint8Array(reading.bytes.read(ids.start + start, count));
    const places = offsets === undefined ? undefined : wholeNumbersAt(reading, offsets.start + start * 4, count, 4);
    for (let index = 0; index < count; index++) {
      const child = childOfTypeId.get(typeIds[index]);
      if (child === undefined || (places !== undefined && places[index] >= lengths[child])) {
        throw new ArrowDamage(`${placeOf(reading)}, row ${start + index} points at no value of an inner field`);
      }
    }
    yield;
  }
}

interface RunEnds {
  readonly ends: BufferRange;
  readonly runCount: number;
  readonly endBytes: number;
  readonly length: number;
}

/** Checks that run ends increase, and that the last reaches the end of the column. */
export function* checkRunEnds(reading: BatchReading, { ends, runCount, endBytes, length }: RunEnds): Generator<void> {
  let previous = 0;
  for (let start = 0; start < runCount; start += pieceLength) {
    const values = wholeNumbersAt(reading, ends.start + start * endBytes, Math.min(pieceLength, runCount - start), endBytes);
    for (let index = 0; index < values.length; index++) {
      if (values[index] <= previous) throw new ArrowDamage(`${placeOf(reading)} has a run that ends before it begins`);
      previous = values[index];
    }
    yield;
  }
  if (previous < length) throw new ArrowDamage(`${placeOf(reading)} has runs of ${previous} values where ${length} belong`);
}

/** A copy of the validity bits; undefined if no value is missing. */
function presentAt(
  { bytes }: BatchReading,
  { nullCount, validity }: FieldNode,
  start: number,
  count: number,
): Uint8Array | undefined {
  if (nullCount === 0) return undefined;
  return new Uint8Array(bytes.read(validity.start + start / 8, Math.ceil(count / 8)));
}

/** Reused by every call: its numbers are valid until the next call. */
const scratch = new ArrayBuffer(pieceLength * 8 + 8);
const widened = new Float64Array(pieceLength);

type WholeNumbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Reads whole numbers of `sizeBytes` each as unsigned: negative ones become larger than any valid index or offset. */
function wholeNumbersAt({ bytes }: BatchReading, start: number, count: number, sizeBytes: number): WholeNumbers {
  new Uint8Array(scratch).set(bytes.read(start, count * sizeBytes));
  switch (sizeBytes) {
    case 1:
      return new Uint8Array(scratch, 0, count);
    case 2:
      return new Uint16Array(scratch, 0, count);
    case 4:
      return new Uint32Array(scratch, 0, count);
    default: {
      const halves = new Uint32Array(scratch, 0, count * 2);
      for (let index = 0; index < count; index++) widened[index] = halves[index * 2] + halves[index * 2 + 1] * 2 ** 32;
      return widened.subarray(0, count);
    }
  }
}
