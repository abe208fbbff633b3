/**
 * Writes the message of an Arrow batch without compression: a new flatbuffer that holds what the compressed batch said, with the places
 * that its buffers have once they are unpacked.
 */

import { alignmentBytes, type BufferRange } from "./arrow-batch.ts";
import type { FlatTable, FlatVector } from "./arrow-flatbuffer.ts";

export interface PlainBatch {
  readonly kind: "dictionary batch" | "record batch";
  readonly version: 4 | 5;
  /** The format's RecordBatch. */
  readonly table: FlatTable;
  /** For a dictionary. */
  readonly dictionary?: { readonly id: number; readonly isDelta: boolean };
  readonly buffers: readonly BufferRange[];
  readonly bodyBytes: number;
}

const headerTypes = { "dictionary batch": 2, "record batch": 3 } as const;

/** @returns continuation marker, length and metadata, as they stand before the body; a multiple of eight bytes. */
export function plainMessage({ kind, version, table, dictionary, buffers, bodyBytes }: PlainBatch): Uint8Array {
  const [nodes, viewCounts] = [table.vector(1, 16, kind), table.vector(4, 8, kind)];
  const flat = createWriter(512 + nodes.count * 16 + buffers.length * 16 + viewCounts.count * 8);
  // Members of a table, with the byte at which each begins in it.
  const message = flat.table({ sizeBytes: 24, members: [4, 6, 8, 16] });
  flat.pointAt(0, message);
  flat.int16(message + 4, version - 1);
  flat.int8(message + 6, headerTypes[kind]);
  flat.int64(message + 16, bodyBytes);
  let batchAt = message + 8;
  if (dictionary !== undefined) {
    const header = flat.table({ sizeBytes: 24, members: [8, 4, 16] });
    flat.pointAt(batchAt, header);
    flat.int64(header + 8, dictionary.id);
    flat.int8(header + 16, Number(dictionary.isDelta));
    batchAt = header + 4;
  }
  const batch = flat.table({ sizeBytes: 32, members: [8, 16, 20, 0, 24] });
  flat.pointAt(batchAt, batch);
  flat.int64(batch + 8, table.int64(0, 0));
  flat.pointAt(batch + 16, flat.vector(nodes.count, wordsOf(nodes, 2)));
  const places = buffers.flatMap(({ start, sizeBytes }) => [start, sizeBytes]);
  flat.pointAt(batch + 20, flat.vector(buffers.length, places));
  flat.pointAt(batch + 24, flat.vector(viewCounts.count, wordsOf(viewCounts, 1)));
  return flat.message();
}

function wordsOf(vector: FlatVector, wordCount: number): readonly number[] {
  return Array.from({ length: vector.count * wordCount }, (_, index) =>
    vector.int64(Math.floor(index / wordCount), (index % wordCount) * 8),
  );
}

/** Writes a flatbuffer from its beginning to its end: tables and vectors begin at a multiple of eight bytes. */
function createWriter(sizeBytesMax: number) {
  /** Continuation marker and length. */
  const headBytes = 8;
  const bytes = new Uint8Array(headBytes + Math.ceil(sizeBytesMax / alignmentBytes) * alignmentBytes);
  const view = new DataView(bytes.buffer, headBytes);
  /** The first bytes point at the root table. */
  let end = alignmentBytes;

  function align(): void {
    end = Math.ceil(end / alignmentBytes) * alignmentBytes;
  }

  return {
    int8: (at: number, value: number) => view.setInt8(at, value),
    int16: (at: number, value: number) => view.setInt16(at, value, true),
    int64: (at: number, value: number) => view.setBigInt64(at, BigInt(value), true),
    pointAt: (at: number, target: number) => view.setUint32(at, target - at, true),
    /** @param members byte of each member in the table; 0 for one that is absent. @returns the table's position. */
    table({ sizeBytes, members }: { readonly sizeBytes: number; readonly members: readonly number[] }): number {
      const vtable = end;
      view.setUint16(vtable, 4 + members.length * 2, true);
      view.setUint16(vtable + 2, sizeBytes, true);
      for (const [slot, at] of members.entries()) view.setUint16(vtable + 4 + slot * 2, at, true);
      end += 4 + members.length * 2;
      align();
      const table = end;
      view.setInt32(table, table - vtable, true);
      end += sizeBytes;
      align();
      return table;
    },
    /** Elements of 64-bit numbers, which begin behind the count of elements. @returns the vector's position. */
    vector(count: number, words: readonly number[]): number {
      const at = end + 4;
      view.setUint32(at, count, true);
      end += alignmentBytes;
      for (const [index, word] of words.entries()) view.setBigInt64(end + index * 8, BigInt(word), true);
      end += words.length * 8;
      return at;
    },
    message(): Uint8Array {
      new DataView(bytes.buffer).setInt32(0, -1, true);
      new DataView(bytes.buffer).setInt32(4, end, true);
      return bytes.subarray(0, headBytes + end);
    },
  };
}
