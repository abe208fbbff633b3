/** How much the directions to a row's neighbours vary: the angle-based outlier factor. */

import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";

/** Two squares up to this, and from `squareMin` on, can be multiplied and squared again without overflow or underflow. */
const squareMax = 1e70;
const squareMin = 1e-70;

/** Buffers for one row's neighbours, reused for every row. */
export interface AngleWorkspace {
  /** `differences[i]` from the row to its i-th neighbour: count x d, none all zero. */
  readonly differences: Float64Array;
  readonly squares: Float64Array;
  readonly cosines: Float64Array;
}

export function angleWorkspace(neighbourCount: number, width: number): AngleWorkspace {
  return {
    differences: new Float64Array(neighbourCount * width),
    squares: new Float64Array(neighbourCount),
    cosines: new Float64Array(neighbourCount),
  };
}

/**
 * Population variance, over all pairs of neighbours a and b, of a.b / (|a|^2 |b|^2): the cosine of the angle between them,
 * weighted so that near ones count more. 0 without a pair; at most the largest finite number. Overwrites the workspace.
 * Source: Kriegel, Schubert and Zimek, KDD 2008, definition 2, with plain variance as in the reference library.
 */
export function* angleVariance(workspace: AngleWorkspace, count: number, width: number): Pieces<number> {
  const { differences, squares } = workspace;
  let scale = 1;
  const [least, most] = squaresInto(differences, count, width, squares);
  if (most > squareMax || least < squareMin) {
    scale = rescale(differences, count * width);
    squaresInto(differences, count, width, squares);
  }
  const variance = (yield* varianceOfPairs(workspace, count, width)) * scale * scale * scale * scale;
  return variance < Number.MAX_VALUE ? variance : Number.MAX_VALUE;
}

/** @returns the least and the largest square. */
function squaresInto(differences: Float64Array, count: number, width: number, squares: Float64Array): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0, at = 0; i < count; i++) {
    let square = 0;
    for (let column = 0; column < width; column++, at++) square += differences[at] * differences[at];
    squares[i] = square;
    least = Math.min(least, square);
    most = Math.max(most, square);
  }
  return [least, most];
}

/** Multiplies by the power of two that brings the largest near 1. @returns the factor. */
function rescale(values: Float64Array, count: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(values[i]));
  const exponent = Math.max(-1000, Math.min(1000, -Math.ceil(Math.log2(largest))));
  const factor = 2 ** exponent;
  for (let i = 0; i < count; i++) values[i] *= factor;
  return factor;
}

/** A mean and a sum of squares about it. */
interface Spread {
  pairCount: number;
  mean: number;
  squareSum: number;
}

function* varianceOfPairs(workspace: AngleWorkspace, count: number, width: number): Pieces<number> {
  const spread: Spread = { pairCount: 0, mean: 0, squareSum: 0 };
  for (let first = 0, work = 0; first + 1 < count; first++) {
    work += (count - first) * width;
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
    addPairs(spread, workspace, { first, count, width });
  }
  return spread.pairCount === 0 ? 0 : spread.squareSum / spread.pairCount;
}

/** Merges mean and sum of squares of one first neighbour's pairs into the totals, as Chan et al. (1979) do. */
function addPairs(
  spread: Spread,
  { differences, squares, cosines }: AngleWorkspace,
  { first, count, width }: { readonly first: number; readonly count: number; readonly width: number },
): void {
  const firstAt = first * width;
  let sum = 0;
  let added = 0;
  for (let second = first + 1; second < count; second++) {
    const secondAt = second * width;
    let dot = 0;
    for (let column = 0; column < width; column++) dot += differences[firstAt + column] * differences[secondAt + column];
    const cosine = dot / squares[first] / squares[second];
    cosines[added++] = cosine;
    sum += cosine;
  }
  const groupMean = sum / added;
  let { squareSum } = spread;
  for (let i = 0; i < added; i++) squareSum += (cosines[i] - groupMean) * (cosines[i] - groupMean);
  const shift = groupMean - spread.mean;
  squareSum += (shift * shift * spread.pairCount * added) / (spread.pairCount + added);
  spread.squareSum = squareSum;
  spread.pairCount += added;
  spread.mean += (shift * added) / spread.pairCount;
}
