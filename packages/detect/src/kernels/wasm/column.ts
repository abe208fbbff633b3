/** The column family on WebAssembly: copies a column in, sorts it by radix, copies it out. */

import type { ColumnKernels } from "../column-kernels.ts";
import { relaxedSimd, simd } from "./generated/column.ts";
import { createArena } from "./instance.ts";
import type { WasmArena, WasmBuild } from "./instance.ts";

/** Three tables of 2048 counts. */
const tableBytes = 3 * 2048 * 4;
/** Longer columns are sorted in pieces that are merged: a row takes 28 bytes of arena. */
const pieceRowCountMax = 16_777_216;

/** @param pieceRowCount lets a test merge pieces without a large column. */
export function wasmColumn(build: WasmBuild, pieceRowCount = pieceRowCountMax): ColumnKernels {
  let arena: WasmArena | undefined;

  function sortPiece(values: Float64Array, order: Uint32Array): void {
    const count = values.length;
    arena ??= createArena(build === "simd" ? simd : relaxedSimd);
    arena.reset();
    const valuesAt = arena.put(values);
    const orderAt = arena.reserve(count * 4);
    const recordsAt = arena.reserve(count * 8);
    const spareAt = arena.reserve(count * 8);
    const tableAt = arena.reserve(tableBytes);
    arena.call["sortColumn"](valuesAt, orderAt, recordsAt, spareAt, tableAt, count);
    values.set(arena.float64(valuesAt, count));
    // An arena has no view of unsigned numbers; the bits are the same.
    order.set(arena.int32(orderAt, count));
  }

  function sortColumn(values: Float64Array, order: Uint32Array): void {
    sortPiece(values.subarray(0, pieceRowCount), order.subarray(0, pieceRowCount));
    for (let start = pieceRowCount; start < values.length; start += pieceRowCount) {
      const end = Math.min(start + pieceRowCount, values.length);
      sortPiece(values.subarray(start, end), order.subarray(start, end));
      mergeAt(values.subarray(0, end), order.subarray(0, end), start);
    }
  }

  return { sortColumn };
}

/** Merges two sorted parts that meet at `middle`; the order of the second part still counts from there. */
function mergeAt(values: Float64Array, order: Uint32Array, middle: number): void {
  const firstValues = values.slice(0, middle);
  const firstOrder = order.slice(0, middle);
  let first = 0;
  let second = middle;
  for (let out = 0; first < middle; out++) {
    // Of equal values those of the first part stood before.
    if (second < values.length && values[second] < firstValues[first]) {
      values[out] = values[second];
      order[out] = order[second] + middle;
      second++;
    } else {
      values[out] = firstValues[first];
      order[out] = firstOrder[first];
      first++;
    }
  }
  for (; second < values.length; second++) order[second] += middle;
}
