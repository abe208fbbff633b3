/** The fitted cblof model: cluster centres, their sizes, and which clusters are large. */

import { euclideanDistance, nearestCenter } from "../../structures/clusters/nearest-center.ts";
import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateBoolean, stateFiniteArray, stateInteger } from "../../detector/state.ts";
import type { DenseKernels } from "../../kernels/dense-kernels.ts";
import { columnCountMax, rowRange, type Matrix } from "../../matrix.ts";

/** Rows compared with the centres at a time. */
const blockRowCount = 4096;

interface CblofState {
  readonly centers: Matrix;
  readonly sizes: Int32Array;
  /** 1 for large clusters; at least one is. */
  readonly isLarge: Uint8Array;
  readonly useWeights: boolean;
}

export function createCblofModel(state: CblofState, kernels: DenseKernels): Model {
  const { centers, sizes, isLarge, useWeights } = state;
  const { columnCount } = centers;
  // For each cluster, the offset of the centre that its rows are measured from; -1 for small clusters, where the row decides.
  const ownCenterAt = Int32Array.from(isLarge, (large, cluster) => (large === 1 ? cluster * columnCount : -1));
  const weights = Float64Array.from(sizes, (size) => (useWeights ? size : 1));
  const largeAt = ownCenterAt.filter((at) => at !== -1);

  /** The offset in `centers.values` of the centre that a row of this cluster is measured from. */
  function measuredFrom(values: Float64Array, at: number, cluster: number): number {
    if (ownCenterAt[cluster] !== -1) return ownCenterAt[cluster];
    let best = largeAt[0];
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const centerAt of largeAt) {
      const distance = euclideanDistance(values, at, centers.values, centerAt, columnCount);
      if (distance < bestDistance) {
        bestDistance = distance;
        best = centerAt;
      }
    }
    return best;
  }

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    const count = Math.min(rows.rowCount, blockRowCount);
    const found = { nearest: new Int32Array(count), squares: new Float64Array(count), nextSquares: new Float64Array(count) };
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      kernels.nearestCentersInto(rowRange(rows, start, end), centers, found);
      for (let row = start; row < end; row++) {
        const at = row * columnCount;
        const square = found.squares[row - start];
        const isFinite = square < Number.POSITIVE_INFINITY;
        const cluster = isFinite ? found.nearest[row - start] : nearestCenter(rows.values, at, centers.values, columnCount);
        const isOwn = isFinite && ownCenterAt[cluster] !== -1;
        const distance = isOwn ? Math.sqrt(square) : distanceFrom(rows.values, at, cluster);
        scores[row] = Math.min(Number.MAX_VALUE, distance * weights[cluster]);
      }
    }
  }

  function distanceFrom(values: Float64Array, at: number, cluster: number): number {
    return euclideanDistance(values, at, centers.values, measuredFrom(values, at, cluster), columnCount);
  }

  /** Each column's squared difference from the centre as a share of the squared distance, times the score. */
  function contributionsInto(rows: Matrix, out: Float64Array): void {
    for (let row = 0, at = 0; row < rows.rowCount; row++, at += columnCount) {
      const cluster = nearestCenter(rows.values, at, centers.values, columnCount);
      const centerAt = measuredFrom(rows.values, at, cluster);
      const distance = euclideanDistance(rows.values, at, centers.values, centerAt, columnCount);
      for (let column = 0; column < columnCount; column++) {
        const difference = rows.values[at + column] - centers.values[centerAt + column];
        out[at + column] = distance === 0 ? 0 : difference * (difference / distance) * weights[cluster];
      }
    }
  }

  function toState(): ModelState {
    return { values: { columnCount, useWeights }, arrays: { centers: centers.values, sizes, isLarge } };
  }

  return { columnCount, scoreInto, contributionsInto, toState };
}

export function restoreCblof(state: ModelState, kernels: DenseKernels): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const isLarge = stateArray(state, "isLarge", Uint8Array);
  const sizes = stateArray(state, "sizes", Int32Array, isLarge.length);
  const values = stateFiniteArray(state, "centers", isLarge.length * columnCount);
  if (!isLarge.includes(1) || isLarge.some((flag) => flag > 1)) throw damaged("isLarge", "0 or 1, with at least one 1");
  if (sizes.some((size) => size < 1)) throw damaged("sizes", "counts from 1");
  const centers = { rowCount: isLarge.length, columnCount, values };
  return createCblofModel({ centers, sizes, isLarge, useWeights: stateBoolean(state, "useWeights") }, kernels);
}
