/** Draws a uniform random sample of bounded size from a stream of batches of rows. */

import { type Column, createRandom, type Table } from "@nomaly/detect";
import type { Batch } from "../read/row-stream.ts";

export interface SampledRows {
  /** The rows drawn, in the order of the file. */
  readonly table: Table;
  /** Index in the file of each row drawn. */
  readonly rowIndexes: Float64Array;
  /** Rows of the stream. */
  readonly totalRowCount: number;
}

export interface RowSample {
  add(batch: Batch): void;
  finish(): SampledRows;
}

interface Store {
  readonly kind: Column["kind"];
  readonly name: string;
  /** The batch's column, for what it tells besides its values. */
  readonly column: Column;
  numbers: Float64Array;
  readonly texts: (string | null)[];
}

/**
 * Keeps every row up to `capacity`; beyond that each row stays with the same chance (Li 1994, algorithm L: it draws how
 * many rows to skip instead of drawing for every row). Equal seeds keep equal rows.
 * @param textLengthMax letters kept of a text.
 */
export function createRowSample(capacity: number, seed: number, textLengthMax = Number.POSITIVE_INFINITY): RowSample {
  const random = createRandom(seed);
  // In (0, 1], so that its logarithm is finite.
  const uniform = () => 1 - random.uniform();
  let stores: readonly Store[] = [];
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
    for (const store of stores) if (store.kind !== "text") store.numbers = grown(store.numbers, length);
  }

  function put(batch: Batch, row: number, at: number): void {
    rowIndexes[at] = batch.firstRow + row;
    for (let index = 0; index < stores.length; index++) {
      const store = stores[index];
      if (store.kind === "text") store.texts[at] = cutText(batch.columns[index].values[row] as string | null, textLengthMax);
      else store.numbers[at] = batch.columns[index].values[row] as number;
    }
  }

  /** Keeps the first `count` rows of the batch, column by column. */
  function fill(batch: Batch, count: number): void {
    for (let row = 0; row < count; row++) rowIndexes[kept + row] = batch.firstRow + row;
    for (const [index, store] of stores.entries()) {
      const column = batch.columns[index];
      if (column.kind !== "text") store.numbers.set(column.values.subarray(0, count), kept);
      else for (let row = 0; row < count; row++) store.texts.push(cutText(column.values[row], textLengthMax));
    }
    kept += count;
  }

  const emptyStore = (column: Column): Store => {
    const { kind, name } = column;
    // Without the batch's values, which would stay in memory.
    const empty = column.kind === "text" ? { ...column, values: [] } : { ...column, values: new Float64Array(0) };
    return { kind, name, column: empty, numbers: new Float64Array(rowIndexes.length), texts: [] };
  };

  function add(batch: Batch): void {
    if (total === 0) stores = batch.columns.map(emptyStore);
    const filling = Math.min(capacity - kept, batch.rowCount);
    reserve(kept + filling);
    fill(batch, filling);
    total += batch.rowCount;
    if (kept < capacity) return;
    if (nextRow < 0) {
      nextRow = capacity - 1;
      skip();
    }
    for (; nextRow < total; skip()) put(batch, nextRow - batch.firstRow, random.integer(capacity));
  }

  function finish(): SampledRows {
    const drawn = rowIndexes.subarray(0, kept);
    const order = total > kept ? orderOfFile(drawn, total) : undefined;
    const columns = stores.map((store) => finished(store, kept, order));
    return {
      table: { rowCount: kept, columns },
      rowIndexes: order === undefined ? drawn : drawn.slice().sort(),
      totalRowCount: total,
    };
  }

  return { add, finish };
}

/** Up to this product of rows and slots, one float64 holds row and slot exactly. */
const exactKeyMax = Number.MAX_SAFE_INTEGER;

/** Slots in the order of their rows in the file. */
function orderOfFile(rowIndexes: Float64Array, totalRowCount: number): Uint32Array {
  const count = rowIndexes.length;
  const order = new Uint32Array(count);
  if (totalRowCount * count > exactKeyMax) {
    for (let slot = 0; slot < count; slot++) order[slot] = slot;
    return order.sort((a, b) => rowIndexes[a] - rowIndexes[b]);
  }
  // One number holds row and slot, so that the fast sort without a comparison function works.
  const keys = new Float64Array(count);
  for (let slot = 0; slot < count; slot++) keys[slot] = rowIndexes[slot] * count + slot;
  keys.sort();
  for (let place = 0; place < count; place++) order[place] = keys[place] % count;
  return order;
}

/** The column in the given order of slots; undefined if it is in order already. */
function finished({ kind, name, column, numbers, texts }: Store, count: number, order: Uint32Array | undefined): Column {
  if (kind === "text") return { kind, name, values: order === undefined ? texts : Array.from(order, (slot) => texts[slot]) };
  if (order === undefined) return withNumbers(column, numbers.subarray(0, count));
  const values = new Float64Array(count);
  for (let place = 0; place < count; place++) values[place] = numbers[order[place]];
  return withNumbers(column, values);
}

/** The column with other values: how they were written stays. */
function withNumbers(column: Column, values: Float64Array): Column {
  return column.kind === "text" ? column : { ...column, values };
}

function grown(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(values);
  return longer;
}

/** Copies, because a slice would keep the whole text in memory. */
function cutText(text: string | null, lengthMax: number): string | null {
  return text === null || text.length <= lengthMax ? text : Buffer.from(text.slice(0, lengthMax)).toString();
}
