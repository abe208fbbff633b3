/** Finds the nearest training rows of a row. The contract; building, searching and de-duplicating stand beside. */

import type { NearestOutput, PairSearch, PlaceRange, SearchMethod } from "../../kernels/neighbour-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import type { ModelState } from "../../detector/detector.ts";

/** `minkowski` has a power p; with p = 1 it is manhattan, with p = 2 euclidean. */
export type Metric = "euclidean" | "manhattan" | "chebyshev" | "minkowski";

export const metrics = ["minkowski", "euclidean", "manhattan", "chebyshev"] as const satisfies readonly Metric[];

/** The k nearest rows of each query: row-major `queryCount x k`, nearest first, equal distances by index. */
export interface Neighbours {
  readonly k: number;
  /** True distances (not squared), float64-exact. */
  readonly distances: Float64Array;
  /** Indexes into the training rows. */
  readonly indexes: Int32Array;
}

export interface NeighbourIndex {
  readonly rowCount: number;
  readonly columnCount: number;
  readonly metric: Metric;
  /** The training rows, in their order. */
  readonly rows: Matrix;
  /** Training rows near each other stand near each other in this permutation of their indexes. */
  readonly order: Int32Array;
  /**
   * The k nearest training rows of each query row; a query that equals a training row finds it at distance 0.
   * Synchronous. k from 1 to rowCount.
   * @param excluded a training row that each query must not find, -1 for none; then k is at most rowCount - 1.
   */
  query(queries: Matrix, k: number, excluded?: Int32Array): Neighbours;
  /**
   * Finds the k nearest other rows of the rows at some places of the order; `out` has a line for every training row, and only
   * the lines of these rows are written. k from 1 to rowCount - 1.
   */
  othersInto(places: PlaceRange, k: number, out: NearestOutput): void;
  /** Copies the rows into the memory of the search, if that has not been done: the first search does it otherwise. */
  readonly prepare: () => void;
  /** The method asked for. */
  readonly wanted: SearchMethod | "auto";
  /** The method used: `auto` is decided at the first search. */
  readonly method: () => SearchMethod;
  /** Searches each pair of training rows once for both; undefined where the method is another. */
  pairSearch(): PairSearch | undefined;
  /** Plain data for `restoreNeighbourIndex`, to be spread into the state of the model that owns the index; names start with `index`. */
  toState(): ModelState;
}
