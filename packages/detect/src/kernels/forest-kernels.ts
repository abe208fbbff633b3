/** The forest family of kernels: many rows through every tree of an ensemble. */

import type { Matrix } from "../matrix.ts";

/**
 * Trees that split on one column at a time, each filled up to the same depth so that a walk needs no test for a leaf.
 * Tree t takes `1 << depth` entries of each array from `t << depth`: node i (from 1) has children 2 i and 2 i + 1, and
 * leaf j is node `(1 << depth) + j`. Where a tree ends early its leaf's value fills the leaves below.
 */
export interface CompleteForest {
  readonly columnCount: number;
  readonly treeCount: number;
  /** 0 to 10, as callers keep it: memory doubles with each level. */
  readonly depth: number;
  readonly columns: Uint16Array;
  /** A row goes right when `value > threshold`; infinity sends every row left. */
  readonly thresholds: Float64Array;
  readonly leafValues: Float64Array;
}

export interface ForestKernels {
  /** `sums[row]`: the values of the leaves a row reaches, added in the order of the trees. */
  completeForestInto(forest: CompleteForest, rows: Matrix, sums: Float64Array): void;
}
