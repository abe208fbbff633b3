/** Copies of many rows. */

import type { Matrix } from "../matrix.ts";
import { zeros } from "../matrix.ts";
import type { Pieces } from "./pieces.ts";
import { pieceWorkMax } from "./pieces.ts";

/** The named rows, in the order given. */
export function* pickedRows(table: Matrix, rowIndexes: ArrayLike<number>): Pieces<Matrix> {
  const width = table.columnCount;
  const result = zeros(rowIndexes.length, width);
  for (let i = 0, to = 0; i < rowIndexes.length; i++) {
    for (let from = rowIndexes[i] * width, end = from + width; from < end; from++, to++) result.values[to] = table.values[from];
    if (to % pieceWorkMax < width) yield;
  }
  return result;
}
