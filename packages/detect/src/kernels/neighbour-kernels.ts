/** The neighbour family of kernels: its contract. */

import type { Matrix } from "../matrix.ts";

/** Metrics whose sums are plain adds, products and maxima, so that every kernel set can give the same bits. */
export type SearchMetric = "euclidean" | "manhattan" | "chebyshev";

/** Rows of a block: what searches look at together. `SearchRows.order` is cut into blocks of this many. */
export const blockRowCount = 32;

export interface SearchRows {
  /** Finite values whose squared distances neither overflow nor vanish: the largest from 1e-120 to 1e120, or all 0. Not written; may be kept. */
  readonly rows: Matrix;
  readonly metric: SearchMetric;
  /**
   * A permutation of the row indexes that puts rows near each other into the same block of {@link blockRowCount}, and
   * near blocks into the same half, quarter and so on (see structures/neighbours/tree-order.ts). Any permutation gives the same
   * answer; a good one gives it soon.
   */
  readonly order: Int32Array;
  /** `auto` lets the kernel choose by what a few searches cost. The answer is the same. */
  readonly method: SearchMethod | "auto";
}

/** Walk the tree of blocks for each row, or look at all blocks for many rows at once. */
export type SearchMethod = "tree" | "scan";

/** Row-major `queryCount x k`. */
export interface NearestOutput {
  readonly distances: Float64Array;
  readonly indexes: Int32Array;
}

/** Places in tree order, by blocks: each block from `firstBlock` to `endBlock` with those `firstStep` to `endStep` after it, in a circle. */
export interface PairRange {
  readonly firstBlock: number;
  readonly endBlock: number;
  readonly firstStep: number;
  readonly endStep: number;
}

/** Rows that may be neighbours of others, place after place: `counts[place]` of them, nearest first, equals by index. */
export interface PairCandidates {
  readonly counts: Int32Array;
  /** Row indexes. */
  readonly others: Int32Array;
  /** Squared distances. */
  readonly sums: Float64Array;
}

/** Searches the rows among themselves, looking at each pair once for both of its rows. */
export interface PairSearch {
  /**
   * Of every row the k nearest among the rows it meets in the range, less those farther than its limit.
   * @param limits for each place a squared distance that its row's k-th neighbour is known not to exceed; infinity to begin with.
   */
  search(range: PairRange, k: number, limits: Float64Array): PairCandidates;
}

/** A range of places in tree order. */
export interface PlaceRange {
  readonly start: number;
  readonly end: number;
}

/** Rows made ready for searching; whatever memory it holds is freed with it. */
export interface NeighbourSearch {
  /** What was asked for, or what was chosen when it first mattered. */
  method(): SearchMethod;
  /**
   * Writes the k nearest rows of each query, nearest first. Distances are summed in the order of the columns, in
   * float64; equal sums are ordered by row index. `excluded[query]` is a row to leave out, -1 for none.
   * k is at most the row count, less one when rows are excluded.
   */
  nearestInto(queries: Matrix, k: number, out: NearestOutput, excluded?: Int32Array): void;
  /**
   * For walks, where the set has it, else undefined: finds for the rows at some places of the order what `nearestInto` finds
   * when they are queries that leave themselves out; `out` has a line for every row, of which theirs are written.
   */
  others(): ((places: PlaceRange, k: number, out: NearestOutput) => void) | undefined;
  /** For euclidean scans, where the set has it; else undefined. */
  pairs(): PairSearch | undefined;
}

export interface NeighbourKernels {
  createSearch(source: SearchRows): NeighbourSearch;
}
