/** Finds the nearest training rows of a row. The contract; the search methods stand beside. */

import type { Matrix } from "../matrix.ts";
import type { ModelState } from "../detector/detector.ts";

export type Metric = "euclidean" | "manhattan" | "chebyshev" | "minkowski";

/** The k nearest rows of each query: row-major `queryCount x k`, distances ascending, ties by index. */
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
  /** The k nearest training rows of each query row; a query that equals a training row finds it at distance 0. Synchronous. */
  query(queries: Matrix, k: number): Neighbours;
  /** Plain data for `restoreNeighbourIndex`, to be spread into the state of the model that owns the index. */
  toState(): ModelState;
}
