/** The tail family of kernels: how far out in the tails of sorted columns values lie. Its contract. */

import type { Matrix } from "../matrix.ts";

/**
 * Central sums of one column: what its skewness needs, and what one more value updates at constant cost.
 * Values are divided by `unit`, a power of two near the largest, so that cubes neither overflow nor lose a bit.
 */
export interface CentralSums {
  readonly count: number;
  readonly unit: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  /** Sum of cubed deviations from the mean. */
  readonly cubes: number;
}

/** How a detector combines the two tails of a value: see {@link combineTails}. */
export type TailRule = "ecod" | "copod";

/** Columns of equal length, each in ascending order without -0. Not written; may be kept. */
export interface SortedColumns {
  readonly rule: TailRule;
  /** Column after column. */
  readonly sorted: Float64Array;
  /** One entry a column. */
  readonly sums: readonly CentralSums[];
}

/** Sorted columns made ready for new rows, each of which is counted in as one row more. */
export interface TailScorer {
  /** Writes what each value counts: `out[row * columnCount + column]`. Values must be finite. */
  cellsInto(rows: Matrix, out: Float64Array): void;
  /** The sum of what each row's values count, in the order of the columns. */
  sumsInto(rows: Matrix, sums: Float64Array): void;
}

export interface TailKernels {
  createTailScorer(columns: SortedColumns): TailScorer;
}

/** A column whose standard deviation is below this share of its mean is constant but for rounding: no skewness. */
export const constantShare = 1e-15;
/** Values farther from the mean, in units, count as that far in the skewness: cubes stay finite, and only the side matters. */
export const deltaMax = 1e100;

/** Minus the natural logarithm, without a minus zero. */
export function minusLog(share: number): number {
  return 0 - Math.log(share);
}

/**
 * What a value counts: the larger of the tails that the rule looks at. `left` and `right` are minus the logarithms of the share
 * of rows not above and not below the value; `sign` is that of the column's skewness: the longer tail counts.
 */
export function combineTails(rule: TailRule, left: number, right: number, sign: number): number {
  if (sign === 0) return left + right;
  if (rule === "ecod") return Math.max(left, right);
  return Math.max(sign < 0 ? left : right, (left + right) / 2);
}
