/** Greedy k-means++: starting centres far from one another, one at a time. */

import type { DenseKernels } from "../../kernels/dense-kernels.ts";
import { pickRows, rowRange, type Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { kernelWorkMax } from "../../threads/pieces.ts";

export interface KMeansStart {
  /** Chooses one more centre; false when there are enough, or every row equals a chosen one. */
  addCenter(): Pieces<boolean>;
  /** The rows chosen so far, as centres. */
  centers(): Float64Array;
}

/**
 * Each next centre is the best of 2 + ln k candidates drawn with probability proportional to the squared distance from
 * the centres so far: the one that leaves the least sum of squared distances.
 * Source: Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007, section 2 and its remark on
 * greedy choice; candidate count as in scikit-learn.
 */
export function createKMeansStart(rows: Matrix, clusterCount: number, random: Random, kernels: DenseKernels): KMeansStart {
  const { rowCount } = rows;
  const candidateCount = 2 + Math.floor(Math.log(clusterCount));
  const chosen: number[] = [];
  // squares[row]: squared distance to the nearest centre so far; cumulative[row]: their running sum.
  const squares = new Float64Array(rowCount).fill(Number.POSITIVE_INFINITY);
  const cumulative = new Float64Array(rowCount);
  // For each row its squared distances to the candidates.
  const distances = new Float64Array(rowCount * candidateCount);

  function* addCenter(): Pieces<boolean> {
    if (chosen.length === clusterCount) return false;
    if (chosen.length === 0) return yield* acceptBest([random.integer(rowCount)]);
    const potential = cumulative[rowCount - 1];
    if (potential === 0) return false;
    return yield* acceptBest(Array.from({ length: candidateCount }, () => firstAbove(cumulative, random.uniform() * potential)));
  }

  function* acceptBest(candidates: readonly number[]): Pieces<boolean> {
    const count = candidates.length;
    const centers = pickRows(rows, candidates);
    const pieceRowCount = Math.max(1, Math.floor(kernelWorkMax / centers.values.length));
    for (let start = 0; start < rowCount; start += pieceRowCount) {
      const end = Math.min(start + pieceRowCount, rowCount);
      kernels.squaredDistancesInto(rowRange(rows, start, end), centers, distances.subarray(start * count, end * count));
      yield;
    }
    const best = count === 1 ? 0 : leastPotential(distances, count, squares);
    chosen.push(candidates[best]);
    let sum = 0;
    for (let row = 0, at = best; row < rowCount; row++, at += count) {
      if (distances[at] < squares[row]) squares[row] = distances[at];
      sum += squares[row];
      cumulative[row] = sum;
    }
    return true;
  }

  return { addCenter, centers: () => pickRows(rows, chosen).values };
}

/** Position of the candidate that would leave the least sum of squared distances, the first of equals. */
function leastPotential(distances: Float64Array, candidateCount: number, squares: Float64Array): number {
  const potentials = new Float64Array(candidateCount);
  for (let row = 0, at = 0; row < squares.length; row++) {
    const square = squares[row];
    for (let i = 0; i < candidateCount; i++, at++) potentials[i] += distances[at] < square ? distances[at] : square;
  }
  return potentials.indexOf(Math.min(...potentials));
}

/** The first index whose running sum exceeds `target`; it has a positive share, as `target` is below the last sum. */
function firstAbove(cumulative: Float64Array, target: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
