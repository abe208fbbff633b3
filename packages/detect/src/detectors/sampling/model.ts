/** The fitted sampling model: the sampled rows made searchable. */

import type { Model, ModelState } from "../../detector/detector.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { restoreNeighbourIndex } from "../../neighbours/build-index.ts";
import type { NeighbourIndex } from "../../neighbours/neighbour-index.ts";

/** Rows searched at once. */
const blockRowCount = 4096;

/** @param sample an index of the sampled rows. */
export function createSamplingModel(sample: NeighbourIndex): Model {
  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      scores.set(sample.query(rowRange(rows, start, end), 1).distances, start);
    }
  }

  return { columnCount: sample.columnCount, scoreInto, toState: () => sample.toState() };
}

export function restoreSampling(state: ModelState, kernels: KernelSet): Model {
  return createSamplingModel(restoreNeighbourIndex(state, kernels));
}
