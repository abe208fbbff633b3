/** The tail family in plain float64: it defines the results that the other kernel sets must give. */

import type { Matrix } from "../../matrix.ts";
import type { CentralSums, SortedColumns, TailKernels, TailScorer } from "../tail-kernels.ts";
import { combineTails, constantShare, deltaMax, minusLog } from "../tail-kernels.ts";

export const referenceTail: TailKernels = { createTailScorer };

function createTailScorer({ rule, sorted, sums }: SortedColumns): TailScorer {
  const columnCount = sums.length;
  const count = sums[0].count;
  const columns = sums.map((_, index) => sorted.subarray(index * count, (index + 1) * count));

  function cellOf(column: number, value: number): number {
    const entries = columns[column];
    const below = firstNotBelow(entries, value);
    const upTo = entries[below] === value ? firstAbove(entries, value, below + 1) : below;
    const left = minusLog((upTo + 1) / (count + 1));
    const right = minusLog((count + 1 - below) / (count + 1));
    return combineTails(rule, left, right, skewnessSignWith(sums[column], value));
  }

  function cellsInto({ values, rowCount }: Matrix, out: Float64Array): void {
    for (let row = 0, at = 0; row < rowCount; row++) {
      for (let column = 0; column < columnCount; column++, at++) out[at] = cellOf(column, values[at]);
    }
  }

  function sumsInto({ values, rowCount }: Matrix, out: Float64Array): void {
    for (let row = 0, at = 0; row < rowCount; row++) {
      let sum = 0;
      for (let column = 0; column < columnCount; column++, at++) sum += cellOf(column, values[at]);
      out[row] = sum;
    }
  }

  return { cellsInto, sumsInto };
}

/** How many entries of a sorted column are below the value. */
function firstNotBelow(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Place of the first entry from `start` on that is above the value; the length of the column if there is none. */
function firstAbove(sorted: Float64Array, value: number, start: number): number {
  // Mostly there is only one entry of the value.
  if (start < sorted.length && sorted[start] > value) return start;
  let low = start;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The sign of the column's skewness with one value counted in, by the update formulas for central moments (Pébay,
 * Formulas for robust, one-pass parallel computation of covariances and moments, Sandia 2008, eq. 2.1).
 */
function skewnessSignWith({ count, unit, mean, squares, cubes }: CentralSums, value: number): number {
  const total = count + 1;
  // The inverse of a power of two is exact, and multiplying is faster.
  const delta = Math.min(deltaMax, Math.max(-deltaMax, value * (1 / unit) - mean));
  const square = delta * delta;
  const limit = constantShare * (mean + delta / total);
  if ((squares + square * (count / total)) / total <= limit * limit) return 0;
  const newCubes = cubes + delta * (square * ((count * (count - 1)) / (total * total)) - (3 * squares) / total);
  return newCubes > 0 ? 1 : newCubes < 0 ? -1 : 0;
}
