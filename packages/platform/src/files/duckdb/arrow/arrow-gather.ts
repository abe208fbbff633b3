/**
 * Gathers columns of DuckDB's chunks as the buffers of an Arrow record batch. Both keep numbers, texts and missing values in nearly the
 * same layout, so buffers are copied whole, and no value becomes a JavaScript value.
 */

import type { DuckDBDataChunk } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import { Bool, type Data, DateDay, Float64, Int64, makeData, TimestampMillisecond, Uint64, Utf8 } from "apache-arrow";
import { isMissing, Missing, type Validity } from "./arrow-missing.ts";

/** The types that columns are written as. */
export type ColumnType = Bool | DateDay | Float64 | Int64 | TimestampMillisecond | Uint64 | Utf8;

export interface GatheredColumn {
  append(chunk: DuckDBDataChunk, rowCount: number): void;
  readonly textBytes: number;
  /** To be called once, after the last chunk. */
  finish(): Data;
}

/** @param columnIndex the column's place in the chunks. @param rowCountMax most rows of all chunks together. */
export function gatherColumn(type: ColumnType, columnIndex: number, rowCountMax: number): GatheredColumn {
  if (type instanceof Utf8) return new TextColumn(columnIndex, rowCountMax);
  if (type instanceof Bool) return new FlagColumn(columnIndex, rowCountMax);
  return new NumberColumn(type, columnIndex, rowCountMax);
}

type NumberType = Exclude<ColumnType, Bool | Utf8>;

/** Numbers of 4 bytes (days) or 8 bytes, as DuckDB holds them. */
class NumberColumn implements GatheredColumn {
  readonly textBytes = 0;
  readonly #type: NumberType;
  readonly #columnIndex: number;
  readonly #width: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #missing: Missing;

  constructor(type: NumberType, columnIndex: number, rowCountMax: number) {
    this.#type = type;
    this.#columnIndex = columnIndex;
    this.#width = type instanceof DateDay ? 4 : 8;
    this.#bytes = new Uint8Array(rowCountMax * this.#width);
    this.#missing = new Missing(rowCountMax);
  }

  append(chunk: DuckDBDataChunk, rowCount: number): void {
    const width = this.#width;
    const { bytes, validity } = vectorOf(chunk, { columnIndex: this.#columnIndex, rowCount, width });
    const firstRow = this.#missing.rowCount;
    this.#bytes.set(bytes, firstRow * width);
    this.#missing.append(validity, rowCount);
    if (validity === null) return;
    // The bytes of a missing value are whatever the memory held before: they must not reach the file.
    for (let row = 0; row < rowCount; row++) {
      if (isMissing(validity, row)) this.#bytes.fill(0, (firstRow + row) * width, (firstRow + row + 1) * width);
    }
  }

  finish(): Data {
    const { rowCount: length, nullCount, nullBitmap } = this.#missing.finish();
    const whole = { length, nullCount, nullBitmap };
    const { buffer } = this.#bytes;
    const type = this.#type;
    if (type instanceof Float64) return makeData({ ...whole, type, data: new Float64Array(buffer, 0, length) });
    if (type instanceof DateDay) return makeData({ ...whole, type, data: new Int32Array(buffer, 0, length) });
    if (type instanceof Uint64) return makeData({ ...whole, type, data: new BigUint64Array(buffer, 0, length) });
    const numbers = new BigInt64Array(buffer, 0, length);
    return type instanceof Int64 ? makeData({ ...whole, type, data: numbers }) : makeData({ ...whole, type, data: numbers });
  }
}

/** DuckDB takes a byte for each, Arrow a bit. */
class FlagColumn implements GatheredColumn {
  readonly textBytes = 0;
  readonly #columnIndex: number;
  readonly #bits: Uint8Array;
  readonly #missing: Missing;

  constructor(columnIndex: number, rowCountMax: number) {
    this.#columnIndex = columnIndex;
    this.#bits = new Uint8Array(Math.ceil(rowCountMax / 8));
    this.#missing = new Missing(rowCountMax);
  }

  append(chunk: DuckDBDataChunk, rowCount: number): void {
    const { bytes, validity } = vectorOf(chunk, { columnIndex: this.#columnIndex, rowCount, width: 1 });
    const firstRow = this.#missing.rowCount;
    for (let row = 0, at = firstRow; row < rowCount; row++, at++) {
      if (bytes[row] !== 0 && !isMissing(validity, row)) this.#bits[at >> 3] |= 1 << (at & 7);
    }
    this.#missing.append(validity, rowCount);
  }

  finish(): Data {
    const { rowCount: length, nullCount, nullBitmap } = this.#missing.finish();
    return makeData({ type: new Bool(), length, nullCount, nullBitmap, data: this.#bits });
  }
}

/** Bytes of DuckDB's description of a text: its length, then the bytes themselves when there are at most 12, else a pointer. */
const textWidth = 16;
const inlineBytesMax = 12;

class TextColumn implements GatheredColumn {
  readonly #columnIndex: number;
  readonly #offsets: Int32Array;
  #bytes = new Uint8Array(1 << 16);
  readonly #missing: Missing;

  constructor(columnIndex: number, rowCountMax: number) {
    this.#columnIndex = columnIndex;
    this.#offsets = new Int32Array(rowCountMax + 1);
    this.#missing = new Missing(rowCountMax);
  }

  get textBytes(): number {
    return this.#offsets[this.#missing.rowCount];
  }

  append(chunk: DuckDBDataChunk, rowCount: number): void {
    const { bytes, validity } = vectorOf(chunk, { columnIndex: this.#columnIndex, rowCount, width: textWidth });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#makeRoom(lengthsOf(view, validity, rowCount));
    let end = this.textBytes;
    for (let row = 0, at = 0, index = this.#missing.rowCount + 1; row < rowCount; row++, at += textWidth, index++) {
      if (!isMissing(validity, row)) end = this.#copy(bytes, view, { at, end });
      this.#offsets[index] = end;
    }
    this.#missing.append(validity, rowCount);
  }

  /** @returns where the text ends in our bytes. */
  #copy(described: Uint8Array, view: DataView, { at, end }: { readonly at: number; readonly end: number }): number {
    const bytes = this.#bytes;
    const length = view.getUint32(at, true);
    if (length <= inlineBytesMax) {
      for (let from = at + 4, to = end; to < end + length; from++, to++) bytes[to] = described[from];
    } else {
      bytes.set(duckdb.get_data_from_pointer(view.buffer as ArrayBuffer, view.byteOffset + at + 8, length), end);
    }
    return end + length;
  }

  #makeRoom(addedBytes: number): void {
    const needed = this.textBytes + addedBytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  finish(): Data {
    const { rowCount: length, nullCount, nullBitmap } = this.#missing.finish();
    const valueOffsets = this.#offsets.subarray(0, length + 1);
    return makeData({
      type: new Utf8(),
      length,
      nullCount,
      nullBitmap,
      valueOffsets,
      data: this.#bytes.subarray(0, this.textBytes),
    });
  }
}

function lengthsOf(view: DataView, validity: Validity, rowCount: number): number {
  let sum = 0;
  for (let row = 0; row < rowCount; row++) if (!isMissing(validity, row)) sum += view.getUint32(row * textWidth, true);
  return sum;
}

interface VectorWanted {
  readonly columnIndex: number;
  readonly rowCount: number;
  /** Bytes of one value. */
  readonly width: number;
}

/** The bytes of a column in DuckDB's own memory, which stay valid as long as the chunk. */
function vectorOf({ chunk }: DuckDBDataChunk, { columnIndex, rowCount, width }: VectorWanted) {
  const vector = duckdb.data_chunk_get_vector(chunk, columnIndex);
  const bytes = duckdb.vector_get_data(vector, rowCount * width);
  // Null where no value is missing, which its types leave out.
  const validity = duckdb.vector_get_validity(vector, Math.ceil(rowCount / 64) * 8) as Validity;
  return { bytes, validity };
}
