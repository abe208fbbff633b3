/** Greedy k-means++: starting centres far from one another, one at a time. */

import { pickRows, type Matrix } from "../matrix.ts";
import type { Random } from "../random.ts";
import { squaredDistance, squaredDistancesInto } from "./nearest-center.ts";

export interface KMeansStart {
  /** Chooses one more centre; false when there are enough, or every row equals a chosen one. */
  addCenter(): boolean;
  /** The rows chosen so far, as centres. */
  centers(): Float64Array;
}

/**
 * Each next centre is the best of 2 + ln k candidates drawn with probability proportional to the squared distance from
 * the centres so far: the one that leaves the least sum of squared distances.
 * Source: Arthur and Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007, section 2 and its remark on
 * greedy choice; candidate count as in scikit-learn.
 */
export function createKMeansStart(rows: Matrix, clusterCount: number, random: Random): KMeansStart {
  const { rowCount } = rows;
  const candidateCount = 2 + Math.floor(Math.log(clusterCount));
  const chosen: number[] = [];
  // squares[row]: squared distance to the nearest centre so far; cumulative[row]: their running sum.
  const squares = new Float64Array(rowCount).fill(Number.POSITIVE_INFINITY);
  const cumulative = new Float64Array(rowCount);

  function addCenter(): boolean {
    if (chosen.length === clusterCount) return false;
    if (chosen.length === 0) return accept(random.integer(rowCount));
    const potential = cumulative[rowCount - 1];
    if (potential === 0) return false;
    const candidates = Array.from({ length: candidateCount }, () => firstAbove(cumulative, random.uniform() * potential));
    return accept(candidates[leastPotential(rows, candidates, squares)]);
  }

  function accept(row: number): boolean {
    chosen.push(row);
    const { values, columnCount } = rows;
    let sum = 0;
    for (let other = 0; other < rowCount; other++) {
      const square = squaredDistance(values, other * columnCount, values, row * columnCount, columnCount);
      if (square < squares[other]) squares[other] = square;
      sum += squares[other];
      cumulative[other] = sum;
    }
    return true;
  }

  return { addCenter, centers: () => pickRows(rows, chosen).values };
}

/** Position of the candidate row that would leave the least sum of squared distances, the first of equals. */
function leastPotential(rows: Matrix, candidates: readonly number[], squares: Float64Array): number {
  const centers = pickRows(rows, candidates).values;
  const distances = new Float64Array(candidates.length);
  const potentials = new Float64Array(candidates.length);
  for (let row = 0, at = 0; row < rows.rowCount; row++, at += rows.columnCount) {
    squaredDistancesInto(rows.values, at, centers, rows.columnCount, distances);
    const square = squares[row];
    for (let i = 0; i < distances.length; i++) potentials[i] += distances[i] < square ? distances[i] : square;
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
