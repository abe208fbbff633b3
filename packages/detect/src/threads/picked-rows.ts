/** Copies of many rows. */

import type { Matrix } from "../matrix.ts";
import { zeros } from "../matrix.ts";
import type { Pieces } from "./pieces.ts";
import { pieceWorkMax } from "./pieces.ts";

/**
 * The named rows, in the order given.
 * @param into memory to write them to, of as many rows; new memory without.
 */
export function* pickedRows(table: Matrix, rowIndexes: ArrayLike<number>, into?: Matrix): Pieces<Matrix> {
  const width = table.columnCount;
  const result = into ?? zeros(rowIndexes.length, width);
  const pieceRowCount = Math.ceil(pieceWorkMax / width);
  for (let start = 0; start < rowIndexes.length; start += pieceRowCount) {
    if (start > 0) yield;
    copyRows(table, rowIndexes, result, { start, end: Math.min(start + pieceRowCount, rowIndexes.length) });
  }
  return result;
}

function copyRows(
  { values, columnCount }: Matrix,
  rowIndexes: ArrayLike<number>,
  to: Matrix,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  for (let i = start; i < end; i++) {
    const from = rowIndexes[i] * columnCount;
    for (let column = 0; column < columnCount; column++) to.values[i * columnCount + column] = values[from + column];
  }
}
