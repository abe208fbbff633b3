/** Builds a neighbour index from training rows, and rebuilds one from its state. */

import type { ModelState } from "../../detector/detector.ts";
import {
  damaged,
  requireIndexes,
  stateArray,
  stateChoice,
  stateFiniteArray,
  stateInteger,
  stateNumber,
} from "../../detector/state.ts";
import { assert } from "../../errors.ts";
import type {
  NearestOutput,
  NeighbourKernels,
  NeighbourSearch,
  PlaceRange,
  SearchMethod,
  SearchMetric,
} from "../../kernels/neighbour-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import { columnCountMax, pickRows, rowRange } from "../../matrix.ts";
import { sharedFloat64, toShared } from "../../shared-memory.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { powerMax } from "./metric-params.ts";
import type { Metric, NeighbourIndex, Neighbours } from "./neighbour-index.ts";
import { metrics } from "./neighbour-index.ts";
import { createPlainSearch } from "./plain-search.ts";
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
  readonly method: SearchMethod | "auto";
  readonly order: Int32Array;
}

const methodNames = { auto: "auto", "kd-tree": "tree", brute: "scan" } as const;

/** Up to this magnitude, and down to its inverse, squares of differences neither overflow nor underflow. */
const rowValueMax = 1e120;
const rowValueMin = 1e-120;
/** Up to this magnitude, the sum of squares over all columns is finite. */
const queryValueMax = 1e140;

/**
 * Prepares the rows for searching at the first query on this thread: where only workers search, only they prepare.
 * @param train at least one row, finite; copied, to shared memory where there is such.
 */
export function* buildNeighbourIndex(train: Matrix, options: IndexOptions, kernels: NeighbourKernels): Pieces<NeighbourIndex> {
  const values = sharedFloat64(train.values.length);
  values.set(train.values);
  const parts = {
    rows: { ...train, values },
    metric: options.metric,
    p: options.p ?? 2,
    method: methodNames[options.algorithm ?? "auto"],
    order: toShared(yield* treeOrder(train)),
  };
  return createIndex(parts, kernels);
}

/**
 * @param method how to search: not a part of the state, as it does not change the answer.
 * @throws NomalyError MODEL_FILE when the state is not one of ours.
 */
export function restoreNeighbourIndex(
  state: ModelState,
  kernels: NeighbourKernels,
  method: SearchMethod | "auto" = "auto",
): NeighbourIndex {
  const columnCount = stateInteger(state, "indexColumnCount", 1, columnCountMax);
  const values = stateFiniteArray(state, "indexRows");
  const order = stateArray(state, "indexOrder", Int32Array, Math.floor(values.length / columnCount));
  if (order.length === 0 || values.length !== order.length * columnCount) {
    throw damaged("indexRows", `rows of ${columnCount} values, got ${values.length} values`);
  }
  requirePermutation(order);
  const rows = { rowCount: order.length, columnCount, values };
  const parts = {
    rows,
    metric: stateChoice(state, "indexMetric", metrics),
    p: stateNumber(state, "indexPower", 1, powerMax),
    method,
    order,
  };
  // Prepared at once, so that loading a model refuses a table too large to search.
  return createIndex(parts, kernels, createSearch(parts, kernels));
}

function requirePermutation(order: Int32Array): void {
  requireIndexes("indexOrder", order, order.length);
  const seen = new Uint8Array(order.length);
  for (const row of order) {
    if (seen[row] === 1) throw damaged("indexOrder", `every row once, got row ${row} twice`);
    seen[row] = 1;
  }
}

function createIndex(parts: IndexParts, kernels: NeighbourKernels, ready?: NeighbourSearch): NeighbourIndex {
  const { rows, metric, order } = parts;
  const { rowCount, columnCount } = rows;
  let made = ready;
  const search = () => (made ??= createSearch(parts, kernels));

  function query(queries: Matrix, k: number, excluded?: Int32Array): Neighbours {
    assert(queries.columnCount === columnCount, "queries have the width of the index");
    assert(k >= 1 && k <= (excluded === undefined ? rowCount : rowCount - 1), `k ${k} is in the range of the index`);
    const distances = new Float64Array(queries.rowCount * k);
    const indexes = new Int32Array(queries.rowCount * k);
    search().nearestInto(queries, k, { distances, indexes }, excluded);
    return { k, distances, indexes };
  }

  function othersInto(places: PlaceRange, k: number, out: NearestOutput): void {
    const others = search().others();
    if (others !== undefined) {
      others(places, k, out);
      return;
    }
    const own = order.subarray(places.start, places.end);
    const { distances, indexes } = query(pickRows(rows, own), k, own);
    for (let i = 0, from = 0; i < own.length; i++) {
      for (let to = own[i] * k, stop = from + k; from < stop; from++, to++) {
        out.distances[to] = distances[from];
        out.indexes[to] = indexes[from];
      }
    }
  }

  const toState = (): ModelState => ({
    values: { indexColumnCount: columnCount, indexMetric: metric, indexPower: parts.p },
    arrays: { indexRows: rows.values, indexOrder: order },
  });
  const prepare = () => void search();
  const method = () => search().method();
  const pairSearch = () => search().pairs();
  const wanted = parts.method;
  return { rowCount, columnCount, metric, rows, order, wanted, query, othersInto, prepare, method, pairSearch, toState };
}

/** Uses the plain search for powers other than 1 and 2, for tables of extreme values, and for each query too far out. */
function createSearch(parts: IndexParts, kernels: NeighbourKernels): NeighbourSearch {
  const { rows, method, order } = parts;
  const power = powerOf(parts);
  const plain = createPlainSearch(rows, power);
  const metric = kernelMetrics.get(power);
  const most = largestAbsolute(rows.values);
  if (metric === undefined || most > rowValueMax || (most > 0 && most < rowValueMin)) return plain;
  const fast = kernels.createSearch({ rows, metric, order, method });

  function nearestInto(queries: Matrix, k: number, out: NearestOutput, excluded?: Int32Array): void {
    fast.nearestInto(queries, k, out, excluded);
    if (largestAbsolute(queries.values) <= queryValueMax) return;
    for (let query = 0; query < queries.rowCount; query++) {
      const one = rowRange(queries, query, query + 1);
      if (largestAbsolute(one.values) <= queryValueMax) continue;
      const distances = out.distances.subarray(query * k, (query + 1) * k);
      const indexes = out.indexes.subarray(query * k, (query + 1) * k);
      plain.nearestInto(one, k, { distances, indexes }, excluded?.subarray(query, query + 1));
    }
  }

  return { ...fast, nearestInto };
}

const kernelMetrics: ReadonlyMap<number, SearchMetric> = new Map([
  [1, "manhattan"],
  [2, "euclidean"],
  [Number.POSITIVE_INFINITY, "chebyshev"],
]);

function powerOf({ metric, p }: IndexParts): number {
  switch (metric) {
    case "minkowski":
      return p;
    case "euclidean":
      return 2;
    case "manhattan":
      return 1;
    case "chebyshev":
      return Number.POSITIVE_INFINITY;
  }
}

function largestAbsolute(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}
