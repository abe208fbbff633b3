/** The fitted sampling model: the sampled rows made searchable. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { stateNumber } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { restoreNeighbourIndex } from "../../structures/neighbours/build-index.ts";
import { powerMax } from "../../structures/neighbours/metric-params.ts";
import type { NeighbourIndex } from "../../structures/neighbours/neighbour-index.ts";

/** Rows searched at once. */
const blockRowCount = 4096;
/** Squared distances below this, or above `squareMax`, may have lost digits to underflow or overflowed. */
const squareMin = 1e-280;
const squareMax = 1e300;

/** @param sample an index of the sampled rows. @param p the power of minkowski. */
export function createSamplingModel(sample: NeighbourIndex, p: number, kernels: KernelSet): Model {
  const isEuclidean = sample.metric === "euclidean" || (sample.metric === "minkowski" && p === 2);
  // A sample is so small that looking at all of it in one sweep beats any search.
  const points = isEuclidean ? kernels.gaussianPoints(sample.rows) : undefined;

  function searchInto(rows: Matrix, scores: Float64Array): void {
    scores.set(sample.query(rows, 1).distances);
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      const block = rowRange(rows, start, end);
      const out = scores.subarray(start, end);
      if (points === undefined) {
        searchInto(block, out);
        continue;
      }
      points.nearestInto(block, out);
      for (let row = 0; row < out.length; row++) {
        if (out[row] >= squareMin && out[row] <= squareMax) out[row] = Math.sqrt(out[row]);
        else searchInto(rowRange(block, row, row + 1), out.subarray(row, row + 1));
      }
    }
  }

  return { columnCount: sample.columnCount, scoreInto, toState: () => sample.toState() };
}

export function restoreSampling(state: ModelState, kernels: KernelSet): Model {
  const sample = restoreNeighbourIndex(state, kernels);
  return createSamplingModel(sample, stateNumber(state, "indexPower", 1, powerMax), kernels);
}
