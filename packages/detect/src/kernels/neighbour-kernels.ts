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
   * answer; a good one makes searches faster.
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

/** Pairs of blocks in tree order: each block of the range with the blocks `firstStep` to `endStep` places after it, cyclic. */
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
   * For every row, the k nearest among the rows that the range pairs it with, without those farther than its limit.
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
  /** The method asked for; where that was `auto`, the one chosen at the first search. */
  method(): SearchMethod;
  /**
   * Writes the k nearest rows of each query, nearest first. Distances are summed in the order of the columns, in
   * float64; equal sums are ordered by row index. `excluded[query]` is a row to leave out, -1 for none.
   * k is at most the row count, less one when rows are excluded.
   */
  nearestInto(queries: Matrix, k: number, out: NearestOutput, excluded?: Int32Array): void;
  /**
   * A function that finds, for the rows at some places of the order, what `nearestInto` finds when each is a query that leaves
   * itself out; `out` has a line for every row, of which theirs are written. Undefined for scans, and where the set has none.
   */
  others(): ((places: PlaceRange, k: number, out: NearestOutput) => void) | undefined;
  /** The pair search of a euclidean scan; undefined for other searches, and where the set has none. */
  pairs(): PairSearch | undefined;
}

export interface NeighbourKernels {
  createSearch(source: SearchRows): NeighbourSearch;
}
