/** The forest family in plain float64: it defines the results that the other kernel sets must give. */

import type { Matrix } from "../../matrix.ts";
import type { BallEnsemble, CompleteForest, ForestKernels, ObliqueForest } from "../forest-kernels.ts";
import { ballLaneCount } from "../forest-kernels.ts";

export const referenceForest: ForestKernels = { completeForestInto, obliqueForestInto, ballEnsembleInto };

function completeForestInto(forest: CompleteForest, rows: Matrix, sums: Float64Array): void {
  const { treeCount, depth, columns, thresholds, leafValues } = forest;
  const { values, columnCount, rowCount } = rows;
  const width = 1 << depth;
  for (let row = 0; row < rowCount; row++) {
    let sum = 0;
    for (let tree = 0; tree < treeCount; tree++) {
      const start = tree << depth;
      let node = 1;
      while (node < width)
        node = 2 * node + (values[row * columnCount + columns[start + node]] > thresholds[start + node] ? 1 : 0);
      sum += leafValues[start + node - width];
    }
    sums[row] = sum;
  }
}

function obliqueForestInto(forest: ObliqueForest, rows: Matrix, sums: Float64Array): void {
  const { roots, lefts, splits, offsets, leafValues } = forest;
  for (let row = 0; row < rows.rowCount; row++) {
    const at = row * rows.columnCount;
    let sum = 0;
    for (let tree = 0; tree < roots.length; tree++) {
      let node = roots[tree];
      for (let left = lefts[node]; left !== 0; left = lefts[node]) {
        const split = splits[node];
        node = weightedSum(forest, split, rows.values, at) > offsets[split] ? left + 1 : left;
      }
      sum += leafValues[node];
    }
    sums[row] = sum;
  }
}

function weightedSum({ termCount, columns, weights }: ObliqueForest, split: number, values: Float64Array, at: number): number {
  const start = split * termCount;
  const end = start + termCount;
  let even = 0;
  let odd = 0;
  let term = start;
  for (; term + 1 < end; term += 2) {
    even += weights[term] * values[at + columns[term]];
    odd += weights[term + 1] * values[at + columns[term + 1]];
  }
  if (term < end) even += weights[term] * values[at + columns[term]];
  return even + odd;
}

function ballEnsembleInto(ensemble: BallEnsemble, rows: Matrix, sums: Float64Array): void {
  const { memberCount, blockCount, values } = ensemble;
  const ballCount = blockCount * ballLaneCount;
  for (let row = 0; row < rows.rowCount; row++) {
    let sum = 0;
    for (let member = 0; member < memberCount; member++) {
      const ball = coveringBall(ensemble, member * ballCount, ballCount, rows.values, row * rows.columnCount);
      sum += ball < 0 ? 1 : values[ball];
    }
    sums[row] = sum;
  }
}

/** The first ball from `start` on that covers the row at `at`; -1 when none of `count` does. */
function coveringBall(ensemble: BallEnsemble, start: number, count: number, values: Float64Array, at: number): number {
  const { columnCount, centers, squaredRadii } = ensemble;
  for (let ball = start; ball < start + count; ball++) {
    const lane = ball % ballLaneCount;
    let centerAt = (ball - lane) * columnCount + lane;
    let sum = 0;
    for (let column = 0; column < columnCount; column++, centerAt += ballLaneCount) {
      const difference = values[at + column] - centers[centerAt];
      sum += difference * difference;
      // Squares only add.
      if (sum > squaredRadii[ball]) break;
    }
    if (sum <= squaredRadii[ball]) return ball;
  }
  return -1;
}
