/** Builds a neighbour index from training rows, and rebuilds one from its state. */

import type { ModelState } from "../detector/detector.ts";
import { requireIndexes, stateArray, stateChoice, stateInteger, stateNumber } from "../detector/state.ts";
import { NomalyError, assert } from "../errors.ts";
import type { NeighbourKernels, NeighbourSearch, SearchMethod } from "../kernels/neighbour-kernels.ts";
import type { Matrix } from "../matrix.ts";
import { columnCountMax, requireFinite } from "../matrix.ts";
import type { Metric, NeighbourIndex, Neighbours } from "./neighbour-index.ts";
import { metrics } from "./neighbour-index.ts";
import { createPowerSearch } from "./plain-search.ts";
import { treeOrder } from "./tree-order.ts";

export interface IndexOptions {
  readonly metric: Metric;
  /** The power of minkowski, at least 1; 2 when left out. */
  readonly p?: number;
  /** How to search; the answer is the same. `auto`, the default, chooses by what a few searches cost. */
  readonly algorithm?: "auto" | "kd-tree" | "brute";
}

interface IndexParts {
  readonly rows: Matrix;
  readonly metric: Metric;
  readonly p: number;
  readonly method: SearchMethod;
  readonly order: Int32Array;
}

const methods = ["tree", "scan"] as const satisfies readonly SearchMethod[];

/** Largest power of minkowski. */
export const powerMax = 1000;

/** @param train at least one row, finite; kept, so it must not be written afterwards. */
export function buildNeighbourIndex(train: Matrix, options: IndexOptions, kernels: NeighbourKernels): NeighbourIndex {
  const parts = {
    rows: train,
    metric: options.metric,
    p: options.p ?? 2,
    method: chooseMethod(train, options.algorithm ?? "auto"),
    order: treeOrder(train),
  };
  return createIndex(parts, kernels);
}

/** @throws NomalyError MODEL_FILE when the state is not one of ours. */
export function restoreNeighbourIndex(state: ModelState, kernels: NeighbourKernels): NeighbourIndex {
  const columnCount = stateInteger(state, "indexColumnCount", 1, columnCountMax);
  const values = stateArray(state, "indexRows", Float64Array);
  const order = stateArray(state, "indexOrder", Int32Array, Math.floor(values.length / columnCount));
  if (order.length === 0 || values.length !== order.length * columnCount) {
    throw new NomalyError(
      "MODEL_FILE",
      `the model's state has ${values.length} values, which do not fill rows of ${columnCount}`,
    );
  }
  requirePermutation(order);
  const rows = { rowCount: order.length, columnCount, values };
  requireFinite(rows);
  const parts = {
    rows,
    metric: stateChoice(state, "indexMetric", metrics),
    p: stateNumber(state, "indexPower", 1, powerMax),
    method: stateChoice(state, "indexMethod", methods),
    order,
  };
  return createIndex(parts, kernels);
}

function requirePermutation(order: Int32Array): void {
  requireIndexes("indexOrder", order, order.length);
  const seen = new Uint8Array(order.length);
  for (const row of order) {
    if (seen[row] === 1) throw new NomalyError("MODEL_FILE", `the model's state names row ${row} twice in "indexOrder"`);
    seen[row] = 1;
  }
}

function createIndex(parts: IndexParts, kernels: NeighbourKernels): NeighbourIndex {
  const { rows, metric, order } = parts;
  const { rowCount, columnCount } = rows;
  let search: NeighbourSearch | undefined;

  function query(queries: Matrix, k: number, excluded?: Int32Array): Neighbours {
    assert(queries.columnCount === columnCount, "queries have the width of the index");
    assert(k >= 1 && k <= (excluded === undefined ? rowCount : rowCount - 1), `k ${k} is in the range of the index`);
    search ??= createSearch(parts, kernels);
    const distances = new Float64Array(queries.rowCount * k);
    const indexes = new Int32Array(queries.rowCount * k);
    search.nearestInto(queries, k, { distances, indexes }, excluded);
    return { k, distances, indexes };
  }

  const toState = (): ModelState => ({
    values: { indexColumnCount: columnCount, indexMetric: metric, indexPower: parts.p, indexMethod: parts.method },
    arrays: { indexRows: rows.values, indexOrder: order },
  });
  return { rowCount, columnCount, metric, rows, order, query, toState };
}

function createSearch(parts: IndexParts, kernels: NeighbourKernels): NeighbourSearch {
  const { rows, metric, p, method, order } = parts;
  switch (metric) {
    case "euclidean":
    case "manhattan":
    case "chebyshev":
      return kernels.createSearch({ rows, metric, order, method });
    case "minkowski":
      if (p === 2) return kernels.createSearch({ rows, metric: "euclidean", order, method });
      if (p === 1) return kernels.createSearch({ rows, metric: "manhattan", order, method });
      return createPowerSearch(rows, p);
  }
}

/** Widest table for which the tree pays. */
const treeColumnCountMax = 12;

function chooseMethod(train: Matrix, algorithm: "auto" | "kd-tree" | "brute"): SearchMethod {
  switch (algorithm) {
    case "kd-tree":
      return "tree";
    case "brute":
      return "scan";
    case "auto":
      return train.columnCount <= treeColumnCountMax ? "tree" : "scan";
  }
}
