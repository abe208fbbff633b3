/** Nearest rows under the Minkowski metric of any power: plain float64, as powers give other bits in other engines' kernels. */

import type { NearestOutput, NeighbourSearch } from "../kernels/neighbour-kernels.ts";
import type { Matrix } from "../matrix.ts";

/** Columns between two looks at whether a sum is too large already. */
const columnsPerLook = 8;

/** @param power p of `(sum |a - b|^p)^(1/p)`, at least 1. */
export function createPowerSearch(rows: Matrix, power: number): NeighbourSearch {
  function nearestInto(queries: Matrix, k: number, out: NearestOutput, excluded?: Int32Array): void {
    for (let query = 0; query < queries.rowCount; query++) {
      const sums = out.distances.subarray(query * k, (query + 1) * k).fill(Number.POSITIVE_INFINITY);
      const indexes = out.indexes.subarray(query * k, (query + 1) * k).fill(-1);
      nearestOfOne(queries, query, sums, indexes, excluded?.[query] ?? -1);
      for (let i = 0; i < k; i++) sums[i] **= 1 / power;
    }
  }

  function nearestOfOne(queries: Matrix, query: number, sums: Float64Array, indexes: Int32Array, skip: number): void {
    const k = sums.length;
    for (let row = 0, found = 0; row < rows.rowCount; row++) {
      if (row === skip) continue;
      const limit = found === k ? sums[k - 1] : Number.POSITIVE_INFINITY;
      const sum = powerSum(queries, query, row, limit);
      if (found === k && !(sum < limit)) continue;
      let at = found < k ? found++ : k - 1;
      for (; at > 0 && sum < sums[at - 1]; at--) {
        sums[at] = sums[at - 1];
        indexes[at] = indexes[at - 1];
      }
      sums[at] = sum;
      indexes[at] = row;
    }
  }

  /** The sum, or any part of it that is at least `limit`. */
  function powerSum(queries: Matrix, query: number, row: number, limit: number): number {
    const width = rows.columnCount;
    const from = query * width;
    const to = row * width;
    let sum = 0;
    for (let column = 0; column < width;) {
      const end = Math.min(column + columnsPerLook, width);
      for (; column < end; column++) sum += Math.abs(queries.values[from + column] - rows.values[to + column]) ** power;
      if (sum >= limit) return sum;
    }
    return sum;
  }

  return { nearestInto };
}
