/** The fitted isolation forest: trees, and the path length a usual row has in them. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { requireFiniteValues, requireIndexes, stateArray, stateInteger, stateNumber } from "../../detector/state.ts";
import { type CompleteForest, completeForestRowCountMin } from "../../kernels/forest-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { columnCountMax, type Matrix } from "../../matrix.ts";
import { averagePathLength } from "../../structures/trees/average-path-length.ts";
import { type AxisTrees, completeForest } from "../../structures/trees/complete-forest.ts";
import { pathLengths, requireLinkedTrees } from "../../structures/trees/linked-trees.ts";

/** From this many rows on, over all calls, the model makes the layout for kernels once (some ms); before, it walks the trees. */
const kernelRowCountMin = 2048;

export interface IsolationForestState {
  readonly trees: AxisTrees;
  /** Rows each tree was grown on. */
  readonly sampleSize: number;
}

export function createIsolationForestModel(state: IsolationForestState, kernels: KernelSet): Model {
  const { trees, sampleSize } = state;
  const { roots, lefts, columns, thresholds, columnCount } = trees;
  const treeCount = roots.length;
  const usualPathLength = averagePathLength(sampleSize);
  const { expected, depthMax, baseline: rootPathLength } = pathLengths(trees);
  const baseline = scoreOf(rootPathLength);
  let complete: CompleteForest | undefined;
  let scoredRowCount = 0;

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    if (complete === undefined) {
      scoredRowCount += rows.rowCount;
      if (scoredRowCount >= kernelRowCountMin) complete = completeForest(trees, depthMax, expected);
    }
    if (complete !== undefined && rows.rowCount >= completeForestRowCountMin) {
      kernels.completeForestInto(complete, rows, scores);
    } else {
      for (let row = 0; row < rows.rowCount; row++) scores[row] = pathLengthSum(rows.values, row * columnCount);
    }
    for (let row = 0; row < rows.rowCount; row++) scores[row] = scoreOf(scores[row] / treeCount);
  }

  /** 2^(-E[h] / c(sampleSize)): equation 2 of the paper. */
  function scoreOf(meanPathLength: number): number {
    return 2 ** (-meanPathLength / usualPathLength);
  }

  /** The same sum as the kernel's, in the same order, for one row and without the kernel's layout. */
  function pathLengthSum(values: Float64Array, at: number): number {
    let sum = 0;
    for (let tree = 0; tree < treeCount; tree++) {
      let node = roots[tree];
      for (let left = lefts[node]; left !== 0; left = lefts[node]) {
        node = values[at + columns[node]] > thresholds[node] ? left + 1 : left;
      }
      sum += expected[node];
    }
    return sum;
  }

  function contributionsInto(rows: Matrix, out: Float64Array): void {
    for (let row = 0; row < rows.rowCount; row++) {
      const at = row * columnCount;
      const contributions = out.subarray(at, at + columnCount);
      addPathLengths(rows.values, at, contributions);
      toScoreParts(contributions);
    }
  }

  /** Adds the change in expected path length at each split on the row's path to the split's column, over all trees. */
  function addPathLengths(values: Float64Array, at: number, out: Float64Array): void {
    out.fill(0);
    for (let tree = 0; tree < treeCount; tree++) {
      let node = roots[tree];
      for (let left = lefts[node]; left !== 0; left = lefts[node]) {
        const next = values[at + columns[node]] > thresholds[node] ? left + 1 : left;
        out[columns[node]] += expected[next] - expected[node];
        node = next;
      }
    }
  }

  /**
   * The sum of the differences is the row's path length less the usual one; one factor turns it into score less baseline.
   * The score is convex in the path length, so the factor is negative: what shortens the path raises the score.
   */
  function toScoreParts(differences: Float64Array): void {
    let sum = 0;
    for (const difference of differences) sum += difference;
    const rate = Math.LN2 / (usualPathLength * treeCount);
    // expm1(x) / x is 1 at 0: the slope of the score where a row is as usual as can be.
    const factor = sum === 0 ? -baseline * rate : (baseline * Math.expm1(-sum * rate)) / sum;
    for (let column = 0; column < differences.length; column++) differences[column] *= factor;
  }

  const toState = (): ModelState => ({
    values: { columnCount, sampleSize, baseline },
    arrays: { roots, lefts, sizes: trees.sizes, columns, thresholds },
  });

  return { columnCount, scoreInto, contributionsInto, toState };
}

export function restoreIsolationForest(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const lefts = stateArray(state, "lefts", Int32Array);
  const trees: AxisTrees = {
    columnCount,
    roots: stateArray(state, "roots", Int32Array),
    lefts,
    sizes: stateArray(state, "sizes", Int32Array, lefts.length),
    columns: stateArray(state, "columns", Uint16Array, lefts.length),
    thresholds: stateArray(state, "thresholds", Float64Array, lefts.length),
  };
  requireLinkedTrees(trees);
  requireIndexes("columns", trees.columns, columnCount);
  requireFiniteValues("thresholds", trees.thresholds);
  const model = createIsolationForestModel({ trees, sampleSize: stateInteger(state, "sampleSize", 2, 2 ** 31 - 1) }, kernels);
  // The stored baseline is for readers of the file; where it differs from that of the trees, the file is damaged.
  const baseline = model.toState().values["baseline"] as number;
  stateNumber(state, "baseline", baseline - 1e-9, baseline + 1e-9);
  return model;
}
