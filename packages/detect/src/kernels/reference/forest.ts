/** The forest family in plain float64: the truth the other kernel sets are held to. */

import type { Matrix } from "../../matrix.ts";
import type { CompleteForest, ForestKernels } from "../forest-kernels.ts";

export const referenceForest: ForestKernels = { completeForestInto };

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
