/** The neighbour family in plain float64: it defines the results that the other kernel sets must give. */

import type { Matrix } from "../../matrix.ts";
import type { NearestOutput, NeighbourKernels, SearchMetric, SearchRows } from "../neighbour-kernels.ts";

export const referenceNeighbour: NeighbourKernels = {
  createSearch: (source) => ({
    // Every row is looked at, whatever the method.
    method: () => "scan",
    others: () => undefined,
    pairs: () => undefined,
    nearestInto: (queries, k, out, excluded) => nearestInto(source, queries, { ...out, k, excluded }),
  }),
};

interface Request extends NearestOutput {
  readonly k: number;
  readonly excluded: Int32Array | undefined;
}

/** Every query against every row; the k best so far stand sorted, so a row that ties with the last comes too late. */
function nearestInto(source: SearchRows, queries: Matrix, request: Request): void {
  const { rows, metric } = source;
  const { k, excluded, distances, indexes } = request;
  const bestSums = new Float64Array(k);
  const bestRows = new Int32Array(k);
  for (let query = 0; query < queries.rowCount; query++) {
    const skip = excluded?.[query] ?? -1;
    let found = 0;
    for (let row = 0; row < rows.rowCount; row++) {
      if (row === skip) continue;
      const sum = distanceSum(metric, queries, query, rows, row);
      if (found === k && !(sum < bestSums[k - 1])) continue;
      let at = found < k ? found++ : k - 1;
      for (; at > 0 && sum < bestSums[at - 1]; at--) {
        bestSums[at] = bestSums[at - 1];
        bestRows[at] = bestRows[at - 1];
      }
      bestSums[at] = sum;
      bestRows[at] = row;
    }
    for (let i = 0; i < k; i++) {
      distances[query * k + i] = metric === "euclidean" ? Math.sqrt(bestSums[i]) : bestSums[i];
      indexes[query * k + i] = bestRows[i];
    }
  }
}

function distanceSum(metric: SearchMetric, queries: Matrix, query: number, rows: Matrix, row: number): number {
  const width = rows.columnCount;
  const a = queries.values;
  const b = rows.values;
  const from = query * width;
  const to = row * width;
  let sum = 0;
  switch (metric) {
    case "euclidean":
      for (let column = 0; column < width; column++) {
        const difference = a[from + column] - b[to + column];
        sum += difference * difference;
      }
      return sum;
    case "manhattan":
      for (let column = 0; column < width; column++) sum += Math.abs(a[from + column] - b[to + column]);
      return sum;
    case "chebyshev":
      for (let column = 0; column < width; column++) sum = Math.max(sum, Math.abs(a[from + column] - b[to + column]));
      return sum;
  }
}
