/** The forest family in plain float64: the truth the other kernel sets are held to. */

import type { Matrix } from "../../matrix.ts";
import type { BallEnsemble, CompleteForest, ForestKernels } from "../forest-kernels.ts";
import { ballLaneCount } from "../forest-kernels.ts";

export const referenceForest: ForestKernels = { completeForestInto, ballEnsembleInto };

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
