/** Nearest rows in plain float64 for what kernels do not take: powers other than 1 and 2, and values so large that squares overflow. */

import type { NearestOutput, NeighbourSearch } from "../../kernels/neighbour-kernels.ts";
import type { Matrix } from "../../matrix.ts";

/**
 * Every query against every row. Differences are divided by the largest before the power is taken, so that nothing
 * overflows or vanishes; a distance beyond float64 counts as the largest float64.
 * @param power p of `(sum |a - b|^p)^(1/p)`, at least 1; infinity for chebyshev.
 */
export function createPlainSearch(rows: Matrix, power: number): NeighbourSearch {
  const width = rows.columnCount;

  function nearestInto(queries: Matrix, k: number, out: NearestOutput, excluded?: Int32Array): void {
    for (let query = 0; query < queries.rowCount; query++) {
      const distances = out.distances.subarray(query * k, (query + 1) * k);
      const indexes = out.indexes.subarray(query * k, (query + 1) * k);
      const values = queries.values.subarray(query * width, (query + 1) * width);
      nearestOfOne(values, distances, indexes, excluded?.[query] ?? -1);
    }
  }

  function nearestOfOne(query: Float64Array, distances: Float64Array, indexes: Int32Array, skip: number): void {
    const k = distances.length;
    for (let row = 0, found = 0; row < rows.rowCount; row++) {
      if (row === skip) continue;
      // While fewer than k rows are found, every distance is taken, as none is infinite.
      const limit = found === k ? distances[k - 1] : Number.POSITIVE_INFINITY;
      const distance = distanceWithin(query, row, limit);
      if (found === k && !(distance < limit)) continue;
      let at = found < k ? found++ : k - 1;
      for (; at > 0 && distance < distances[at - 1]; at--) {
        distances[at] = distances[at - 1];
        indexes[at] = indexes[at - 1];
      }
      distances[at] = distance;
      indexes[at] = row;
    }
  }

  /** The distance; infinity when its largest part alone reaches the limit. */
  function distanceWithin(query: Float64Array, row: number, limit: number): number {
    const offset = row * width;
    let most = 0;
    for (let column = 0; column < width; column++) most = Math.max(most, Math.abs(query[column] - rows.values[offset + column]));
    // Half the difference cannot overflow where the difference itself does; where it does not, half could vanish.
    const scale = most < Number.POSITIVE_INFINITY ? 1 : 0.5;
    most = Math.min(most, Number.MAX_VALUE);
    if (most >= limit) return Number.POSITIVE_INFINITY;
    if (most === 0) return 0;
    if (power === Number.POSITIVE_INFINITY) return most;
    let sum = 0;
    for (let column = 0; column < width; column++) {
      sum += (Math.abs(scale * query[column] - scale * rows.values[offset + column]) / (scale * most)) ** power;
    }
    return Math.min(most * sum ** (1 / power), Number.MAX_VALUE);
  }

  return { method: () => "scan", others: () => undefined, pairs: () => undefined, nearestInto };
}
