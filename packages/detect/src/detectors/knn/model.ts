/** The fitted knn model: the training rows made searchable. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { stateChoice, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import { restoreNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import type { NeighbourIndex, Neighbours } from "../../structures/neighbours/neighbour-index.ts";

export const knnMethods = ["largest", "mean", "median"] as const;
export type KnnMethod = (typeof knnMethods)[number];

/** Rows searched at once, so that lists of neighbours stay small. */
const blockRowCount = 1024;

export interface KnnParts {
  readonly index: NeighbourIndex;
  readonly neighbourCount: number;
  readonly method: KnnMethod;
}

export function createKnnModel({ index, neighbourCount, method }: KnnParts): Model {
  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      combineInto(index.query(rowRange(rows, start, end), neighbourCount), method, scores.subarray(start, end));
    }
  }

  function toState(): ModelState {
    const { values, arrays } = index.toState();
    return { values: { ...values, neighbourCount, method }, arrays };
  }

  return { columnCount: index.columnCount, scoreInto, toState };
}

export function restoreKnn(state: ModelState, kernels: KernelSet): Model {
  const index = restoreNeighbourIndex(state, kernels);
  const neighbourCount = stateInteger(state, "neighbourCount", 1, index.rowCount);
  return createKnnModel({ index, neighbourCount, method: stateChoice(state, "method", knnMethods) });
}

/** One score a row from its sorted distances. */
export function combineInto({ k, distances }: Neighbours, method: KnnMethod, scores: Float64Array): void {
  const middle = k >> 1;
  for (let row = 0, at = 0; row < scores.length; row++, at += k) {
    if (method === "largest") scores[row] = distances[at + k - 1];
    else if (method === "mean") scores[row] = meanOf(distances, at, k);
    else if (k % 2 === 1) scores[row] = distances[at + middle];
    else scores[row] = distances[at + middle - 1] / 2 + distances[at + middle] / 2;
  }
}

function meanOf(distances: Float64Array, start: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += distances[start + i];
  if (sum < Number.POSITIVE_INFINITY) return sum / count;
  // The sum of distances overflowed: divide before adding.
  sum = 0;
  for (let i = 0; i < count; i++) sum += distances[start + i] / count;
  return Math.min(sum, Number.MAX_VALUE);
}
