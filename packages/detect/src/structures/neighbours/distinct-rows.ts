/** Finds equal rows and keeps one of each: equal rows crowd each other out of the list of nearest neighbours. */

import type { Matrix } from "../../matrix.ts";
import { pickedRows } from "../../threads/picked-rows.ts";
import type { Pieces } from "../../threads/pieces.ts";

export interface DistinctRows {
  /** One of each, in the order of first occurrence. The table itself when no two rows are equal. */
  readonly rows: Matrix;
  /** How many rows of the table each of them stands for. */
  readonly counts: Int32Array;
  /** For each row of the table, its place among the distinct ones. */
  readonly placeOf: Int32Array;
}

/** Values looked at between two pieces: some ten milliseconds. */
const pieceValueCount = 2_000_000;

/** Rows are equal when all their values are (0 equals -0). O(n d) by hashing. */
export function* distinctRows(table: Matrix): Pieces<DistinctRows> {
  const { rowCount, columnCount, values } = table;
  const slotCount = 2 ** Math.ceil(Math.log2(Math.max(2, rowCount * 2)));
  const slots = new Int32Array(slotCount).fill(-1);
  const placeOf = new Int32Array(rowCount);
  const firstRows = new Int32Array(rowCount);
  const counts = new Int32Array(rowCount);
  let distinctCount = 0;
  const pieceRowCount = Math.ceil(pieceValueCount / columnCount);
  const hashes = yield* rowHashes(table, pieceRowCount);
  for (let row = 0; row < rowCount; row++) {
    if (row % pieceRowCount === pieceRowCount - 1) yield;
    let slot = hashes[row] & (slotCount - 1);
    while (slots[slot] >= 0 && !equalRows(values, columnCount, firstRows[slots[slot]], row)) slot = (slot + 1) & (slotCount - 1);
    if (slots[slot] < 0) {
      slots[slot] = distinctCount;
      firstRows[distinctCount++] = row;
    }
    placeOf[row] = slots[slot];
    counts[slots[slot]]++;
  }
  const rows = distinctCount === rowCount ? table : yield* pickedRows(table, firstRows.subarray(0, distinctCount));
  return { rows, counts: counts.slice(0, distinctCount), placeOf };
}

/** `scores` of distinct rows, given back to the rows they stand for. */
export function spreadToAll(scores: Float64Array, distinct: DistinctRows): Float64Array {
  return Float64Array.from(distinct.placeOf, (place) => scores[place]);
}

function equalRows(values: Float64Array, width: number, first: number, second: number): boolean {
  const offset = (second - first) * width;
  for (let at = first * width; at < (first + 1) * width; at++) if (values[at] !== values[at + offset]) return false;
  return true;
}

/** One hash a row, of which equal rows have equal ones: FNV-1a over the 32-bit halves of the values, then mixed, so that low bits are good. */
export function* rowHashes(table: Matrix, pieceRowCount: number): Pieces<Int32Array> {
  const { rowCount, columnCount, values } = table;
  const hashes = new Int32Array(rowCount);
  const one = new Float64Array(1);
  const halves = new Int32Array(one.buffer);
  for (let row = 0, at = 0; row < rowCount; row++) {
    if (row % pieceRowCount === pieceRowCount - 1) yield;
    let hash = 0x811c9dc5;
    for (let column = 0; column < columnCount; column++, at++) {
      one[0] = values[at] + 0; // -0 becomes 0
      hash = Math.imul(hash ^ halves[0], 0x01000193);
      hash = Math.imul(hash ^ halves[1], 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    hashes[row] = hash ^ (hash >>> 15);
  }
  return hashes;
}
