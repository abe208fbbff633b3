/** The forest family of kernels: many rows through every tree, or every set of balls, of an ensemble. */

import type { Matrix } from "../matrix.ts";

/** With fewer rows, walking the trees as they were grown is faster. */
export const completeForestRowCountMin = 5;

/**
 * Trees that split on one column at a time, each filled up to the same depth so that a walk needs no test for a leaf.
 * Tree t takes `1 << depth` entries of each array from `t << depth`: node i (from 1) has children 2 i and 2 i + 1, and
 * leaf j is node `(1 << depth) + j`. Where a tree ends early its leaf's value fills the leaves below.
 */
export interface CompleteForest {
  readonly columnCount: number;
  readonly treeCount: number;
  /** 0 to 10, which callers ensure: memory doubles with each level. */
  readonly depth: number;
  readonly columns: Uint16Array;
  /** A row goes right when `value > threshold`; infinity sends every row left. */
  readonly thresholds: Float64Array;
  readonly leafValues: Float64Array;
}

/**
 * Trees that split on a weighted sum of columns. All nodes of all trees stand one after another, parents before their
 * children; node n of split s = `splits[n]` sends a row right when the sum is above `offsets[s]`.
 */
export interface ObliqueForest {
  readonly columnCount: number;
  /** Depth of the deepest leaf. */
  readonly depth: number;
  readonly roots: Int32Array;
  /** Index of the left child, the right one follows it; 0 at leaves. */
  readonly lefts: Int32Array;
  readonly splits: Int32Array;
  /** Columns in each sum; where these are all columns, they stand in order. */
  readonly termCount: number;
  /** `columns[split * termCount + term]`, `weights` alike. */
  readonly columns: Uint16Array;
  /** float32, multiplied as float64: single rows wait for memory, and random directions need no more digits. */
  readonly weights: Float32Array;
  readonly offsets: Float64Array;
  /** One value a node, read at leaves. */
  readonly leafValues: Float64Array;
}

/** Balls whose centres stand side by side in memory. */
export const ballLaneCount = 8;

/**
 * Members of a few balls each, a member's balls by rising radius. Balls come in blocks of `ballLaneCount`, the last one of a
 * member filled with balls of squared radius -1, which cover nothing: centre of lane l of block b in column c at
 * `(b * columnCount + c) * ballLaneCount + l`, its squared radius and value at `b * ballLaneCount + l`.
 */
export interface BallEnsemble {
  readonly columnCount: number;
  readonly memberCount: number;
  /** Blocks of each member. */
  readonly blockCount: number;
  readonly centers: Float64Array;
  readonly squaredRadii: Float64Array;
  readonly values: Float64Array;
}

export interface ForestKernels {
  /** `sums[row]`: the values of the leaves a row reaches, added in the order of the trees. */
  completeForestInto(forest: CompleteForest, rows: Matrix, sums: Float64Array): void;
  /**
   * `sums[row]`: the values of the leaves a row reaches, added in the order of the trees. A split's sum is that of its even
   * terms in their order, plus that of its odd terms.
   */
  obliqueForestInto(forest: ObliqueForest, rows: Matrix, sums: Float64Array): void;
  /**
   * `sums[row]`: for each member the value of the first ball that covers the row, 1 where none does, added in order of the
   * members. A ball covers a row whose squared distance, summed in order of the columns, is at most its squared radius.
   */
  ballEnsembleInto(ensemble: BallEnsemble, rows: Matrix, sums: Float64Array): void;
}
