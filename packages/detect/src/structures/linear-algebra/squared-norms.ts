/** Squared lengths of many transformed rows. */

import type { CenteredTransform, DenseKernels } from "../../kernels/dense-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { kernelWorkMax } from "../../threads/pieces.ts";
import { capScores } from "./finite-scores.ts";

/** Rows that the kernels take together: fewer cost as much. */
const rowCountMin = 8;

/** The squared length of every transformed row; the largest float64 where it overflows. */
export function* squaredNorms(rows: Matrix, transform: CenteredTransform, kernels: DenseKernels): Pieces<Float64Array> {
  const squares = new Float64Array(rows.rowCount);
  const pieceRowCount = Math.max(rowCountMin, Math.floor(kernelWorkMax / (transform.factor.length + rows.columnCount)));
  for (let start = 0; start < rows.rowCount; start += pieceRowCount) {
    if (start > 0) yield;
    const end = Math.min(start + pieceRowCount, rows.rowCount);
    kernels.squaredNormsInto(rowRange(rows, start, end), transform, squares.subarray(start, end));
  }
  capScores(squares);
  return squares;
}
