/** Half-space trees with their two counts of rows: of the last full window, and of the one that is filling. */

import type { IncrementalModel, ModelState } from "../../detector/detector.ts";
import { requireFiniteValues, requireIndexes, stateArray, stateInteger } from "../../detector/state.ts";
import { columnCountMax, type Matrix } from "../../matrix.ts";
import type { HalfSpaceCuts } from "./grow.ts";

export const heightMax = 15;
export const treeCountMax = 1000;
export const windowSizeMax = 10_000_000;
/** A walk ends at a node that held at most this share of a window: finer, counts say little. Section 3.3 of the paper. */
const sizeLimitShare = 0.1;

export interface HalfSpaceState {
  readonly cuts: HalfSpaceCuts;
  readonly windowSize: number;
  /** Rows of the last full window in each node, laid out as trees of one level more: `(tree << height + 1) + node`. */
  readonly referenceMasses: Int32Array;
  /** How many rows of the window that is filling reached each node, laid out alike. */
  readonly latestMasses: Int32Array;
  readonly latestCount: number;
}

/** Makes a model that writes to the counts of `state`: callers must not use them again. */
export function createHalfSpaceModel(state: HalfSpaceState): IncrementalModel {
  const { cuts, windowSize } = state;
  const { columnCount, treeCount, height, columns, thresholds } = cuts;
  const width = 1 << height;
  const sizeLimit = sizeLimitShare * windowSize;
  let { referenceMasses, latestMasses, latestCount } = state;

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    for (let row = 0; row < rows.rowCount; row++) {
      let sum = 0;
      for (let tree = 0; tree < treeCount; tree++) sum += massAt(rows.values, row * columnCount, tree);
      // sum / (treeCount * windowSize) is the density here in units of the mean over the work range.
      scores[row] = 1 / (1 + sum / (treeCount * windowSize));
    }
  }

  /** How many rows the reference window would hold if the whole work range were as dense: r 2^depth where the walk ends. */
  function massAt(values: Float64Array, at: number, tree: number): number {
    const start = tree << height;
    const massStart = tree << (height + 1);
    let node = 1;
    let weight = 1;
    while (node < width && referenceMasses[massStart + node] > sizeLimit) {
      node = 2 * node + (values[at + columns[start + node]] > thresholds[start + node] ? 1 : 0);
      weight *= 2;
    }
    return referenceMasses[massStart + node] * weight;
  }

  function update(rows: Matrix): void {
    for (let row = 0; row < rows.rowCount; row++) {
      for (let tree = 0; tree < treeCount; tree++) countRow(rows.values, row * columnCount, tree);
      latestCount++;
      if (latestCount === windowSize) startWindow();
    }
  }

  /** Adds the row to the count of every node on its path. */
  function countRow(values: Float64Array, at: number, tree: number): void {
    const start = tree << height;
    const massStart = tree << (height + 1);
    let node = 1;
    while (node < width) {
      latestMasses[massStart + node]++;
      node = 2 * node + (values[at + columns[start + node]] > thresholds[start + node] ? 1 : 0);
    }
    latestMasses[massStart + node]++;
  }

  /** The full window becomes the one that rows are scored against. */
  function startWindow(): void {
    const emptied = referenceMasses.fill(0);
    referenceMasses = latestMasses;
    latestMasses = emptied;
    latestCount = 0;
  }

  const toState = (): ModelState => ({
    values: { columnCount, height, windowSize, latestCount },
    // Copies of what updates will change.
    arrays: { columns, thresholds, referenceMasses: referenceMasses.slice(), latestMasses: latestMasses.slice() },
  });

  return { columnCount, scoreInto, update, toState };
}

export function restoreHalfSpaceTrees(state: ModelState): IncrementalModel {
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const height = stateInteger(state, "height", 1, heightMax);
  const windowSize = stateInteger(state, "windowSize", 1, windowSizeMax);
  const columns = stateArray(state, "columns", Uint16Array);
  const treeCount = Math.min(treeCountMax, Math.max(1, columns.length >> height));
  stateArray(state, "columns", Uint16Array, treeCount << height);
  const thresholds = stateArray(state, "thresholds", Float64Array, columns.length);
  requireIndexes("columns", columns, columnCount);
  requireFiniteValues("thresholds", thresholds);
  const masses = (name: string): Int32Array => {
    const found = stateArray(state, name, Int32Array, 2 * columns.length);
    requireIndexes(name, found, windowSize + 1);
    return found.slice();
  };
  return createHalfSpaceModel({
    cuts: { columnCount, treeCount, height, columns, thresholds },
    windowSize,
    referenceMasses: masses("referenceMasses"),
    latestMasses: masses("latestMasses"),
    latestCount: stateInteger(state, "latestCount", 0, windowSize - 1),
  });
}
