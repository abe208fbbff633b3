/** A uniform random sample of bounded size from batches of rows that come one after the other. */

import type { Column, Table } from "@nomaly/detect";
import type { Batch } from "./batches.ts";

export interface SampledRows {
  /** The rows drawn, in the order of the file. */
  readonly table: Table;
  /** Index in the file of each row drawn. */
  readonly rowIndexes: Float64Array;
  /** Rows that came by. */
  readonly totalRowCount: number;
}

export interface RowSample {
  add(batch: Batch): void;
  finish(): SampledRows;
}

interface Store {
  readonly kind: Column["kind"];
  readonly name: string;
  numbers: Float64Array;
  readonly texts: (string | null)[];
}

/**
 * Keeps every row up to `capacity`; beyond that each row stays with the same chance (Li 1994, algorithm L: it draws how
 * many rows to skip instead of drawing for every row). Equal seeds keep equal rows.
 */
export function createRowSample(capacity: number, seed: number): RowSample {
  const uniform = seededUniform(seed);
  let stores: Store[] | undefined;
  let rowIndexes = new Float64Array(Math.min(capacity, 4096));
  let kept = 0;
  let total = 0;
  let weight = 1;
  let nextRow = -1;

  function skip(): void {
    weight *= Math.exp(Math.log(uniform()) / capacity);
    nextRow += Math.floor(Math.log(uniform()) / Math.log(1 - weight)) + 1;
  }

  function reserve(count: number): void {
    if (count <= rowIndexes.length) return;
    const length = Math.min(capacity, Math.max(count, rowIndexes.length * 2));
    rowIndexes = grown(rowIndexes, length);
    for (const store of stores ?? []) if (store.kind !== "text") store.numbers = grown(store.numbers, length);
  }

  function put(batch: Batch, row: number, at: number): void {
    rowIndexes[at] = batch.firstRow + row;
    for (const [index, store] of (stores ?? []).entries()) {
      const value = batch.columns[index].values[row];
      if (store.kind === "text") store.texts[at] = value as string | null;
      else store.numbers[at] = value as number;
    }
  }

  function add(batch: Batch): void {
    stores ??= batch.columns.map(({ kind, name }) => ({ kind, name, numbers: new Float64Array(rowIndexes.length), texts: [] }));
    const filling = Math.min(capacity - kept, batch.rowCount);
    reserve(kept + filling);
    for (let row = 0; row < filling; row++) put(batch, row, kept++);
    total += batch.rowCount;
    if (kept < capacity) return;
    if (nextRow < 0) {
      nextRow = capacity - 1;
      skip();
    }
    for (; nextRow < total; skip()) put(batch, nextRow - batch.firstRow, Math.floor(uniform() * capacity));
  }

  function finish(): SampledRows {
    const order = rowIndexes.subarray(0, kept);
    const columns = (stores ?? []).map((store) => finished(store, kept, total > kept ? order : undefined));
    return { table: { rowCount: kept, columns }, rowIndexes: order.slice().sort(), totalRowCount: total };
  }

  return { add, finish };
}

/** The column, in the order of the file; `rowIndexes` is undefined where it stands in that order already. */
function finished(store: Store, count: number, rowIndexes: Float64Array | undefined): Column {
  const { kind, name } = store;
  if (rowIndexes === undefined) {
    return kind === "text" ? { kind, name, values: store.texts } : { kind, name, values: store.numbers.subarray(0, count) };
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => rowIndexes[a] - rowIndexes[b]);
  if (kind === "text") return { kind, name, values: Array.from(order, (i) => store.texts[i]) };
  return { kind, name, values: Float64Array.from(order, (i) => store.numbers[i]) };
}

function grown(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(values);
  return longer;
}

/** Numbers in (0, 1) from a seed (Mulberry32, public domain): drawing rows needs no more. */
function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}
