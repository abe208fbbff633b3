/** Lays linked trees out as complete ones, where that takes little memory: the form that kernels score in bulk. */

import type { CompleteForest } from "../../kernels/forest-kernels.ts";
import type { LinkedTrees } from "./linked-trees.ts";

/** Deepest complete layout: 1024 leaves a tree. Deeper trees are nearly empty there. */
const depthMax = 10;
/** Most leaves in all: 18 bytes each. */
const leafCountMax = 4_194_304;

export interface AxisTrees extends LinkedTrees {
  readonly columnCount: number;
  /** Column a split looks at. */
  readonly columns: Uint16Array;
  /** Rows with `value > threshold` go right. */
  readonly thresholds: Float64Array;
}

/** Undefined when the layout would be too large. `leafValues[node]` is what a leaf adds to a row's sum. */
export function completeForest(trees: AxisTrees, depth: number, leafValues: Float64Array): CompleteForest | undefined {
  const treeCount = trees.roots.length;
  if (depth > depthMax || treeCount * 2 ** depth > leafCountMax) return undefined;
  const forest: CompleteForest = {
    columnCount: trees.columnCount,
    treeCount,
    depth,
    columns: new Uint16Array(treeCount << depth),
    thresholds: new Float64Array(treeCount << depth).fill(Number.POSITIVE_INFINITY),
    leafValues: new Float64Array(treeCount << depth),
  };
  // Node of the linked tree that stands at each place of the complete one.
  const sources = new Int32Array(2 << depth);
  for (let tree = 0; tree < treeCount; tree++) placeTree(trees, tree, leafValues, forest, sources);
  return forest;
}

function placeTree(trees: AxisTrees, tree: number, leafValues: Float64Array, forest: CompleteForest, sources: Int32Array): void {
  const { lefts, columns, thresholds } = trees;
  const width = 1 << forest.depth;
  const start = tree << forest.depth;
  sources[1] = trees.roots[tree];
  for (let node = 1; node < width; node++) {
    const source = sources[node];
    const left = lefts[source];
    // A leaf above the bottom stands for all below it.
    sources[2 * node] = left === 0 ? source : left;
    sources[2 * node + 1] = left === 0 ? source : left + 1;
    if (left === 0) continue;
    forest.columns[start + node] = columns[source];
    forest.thresholds[start + node] = thresholds[source];
  }
  for (let leaf = 0; leaf < width; leaf++) forest.leafValues[start + leaf] = leafValues[sources[width + leaf]];
}
