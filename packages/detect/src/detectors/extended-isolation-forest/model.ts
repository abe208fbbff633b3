/** The fitted extended isolation forest. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, requireFiniteValues, requireIndexes, stateArray, stateInteger } from "../../detector/state.ts";
import type { ObliqueForest } from "../../kernels/forest-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { columnCountMax, type Matrix } from "../../matrix.ts";
import { averagePathLength } from "../../structures/trees/average-path-length.ts";
import { type LinkedTrees, pathLengths, requireLinkedTrees } from "../../structures/trees/linked-trees.ts";

export interface ObliqueTrees extends LinkedTrees {
  readonly columnCount: number;
  /** Columns in each split's sum. */
  readonly termCount: number;
  /** `termCount` ascending columns for each split; the splits stand in the order of their nodes. */
  readonly columns: Uint16Array;
  readonly weights: Float32Array;
  /** Rows whose weighted sum is above go right. */
  readonly offsets: Float64Array;
}

/** @param sampleSize rows each tree was grown on. */
export function createExtendedModel(trees: ObliqueTrees, sampleSize: number, kernels: KernelSet): Model {
  const { columnCount, termCount, roots, lefts, columns, weights, offsets } = trees;
  const usualPathLength = averagePathLength(sampleSize);
  const { expected, depthMax } = pathLengths(trees);
  const forest: ObliqueForest = {
    columnCount,
    termCount,
    roots,
    lefts,
    columns,
    weights,
    offsets,
    splits: numberSplits(lefts),
    depth: depthMax,
    leafValues: expected,
  };

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    kernels.obliqueForestInto(forest, rows, scores);
    for (let row = 0; row < rows.rowCount; row++) scores[row] = 2 ** (-scores[row] / roots.length / usualPathLength);
  }

  const toState = (): ModelState => ({
    values: { columnCount, termCount, sampleSize },
    arrays: { roots, lefts, sizes: trees.sizes, columns, weights, offsets },
  });

  return { columnCount, scoreInto, toState };
}

/** Splits are stored in the order of their nodes: the n-th node that is no leaf has the n-th split. */
function numberSplits(lefts: Int32Array): Int32Array {
  const splits = new Int32Array(lefts.length);
  let count = 0;
  for (let node = 0; node < lefts.length; node++) if (lefts[node] !== 0) splits[node] = count++;
  return splits;
}

export function restoreExtended(state: ModelState, kernels: KernelSet): Model {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const termCount = stateInteger(state, "termCount", 1, columnCount);
  const lefts = stateArray(state, "lefts", Int32Array);
  const splitCount = lefts.reduce((count, left) => count + (left === 0 ? 0 : 1), 0);
  const trees: ObliqueTrees = {
    columnCount,
    termCount,
    roots: stateArray(state, "roots", Int32Array),
    lefts,
    sizes: stateArray(state, "sizes", Int32Array, lefts.length),
    columns: stateArray(state, "columns", Uint16Array, splitCount * termCount),
    weights: stateArray(state, "weights", Float32Array, splitCount * termCount),
    offsets: stateArray(state, "offsets", Float64Array, splitCount),
  };
  requireLinkedTrees(trees);
  requireIndexes("columns", trees.columns, columnCount);
  requireRising(trees);
  requireFiniteValues("weights", trees.weights);
  requireFiniteValues("offsets", trees.offsets);
  return createExtendedModel(trees, stateInteger(state, "sampleSize", 2, 2 ** 31 - 1), kernels);
}

/** Kernels read all columns of a full split in their order, so the columns of a split must ascend. */
function requireRising({ columns, termCount }: ObliqueTrees): void {
  for (let at = 1; at < columns.length; at++) {
    if (at % termCount === 0 || columns[at] > columns[at - 1]) continue;
    throw damaged("columns", "rising columns in a split");
  }
}
