/** Lloyd's iteration with Hamerly's bounds: most rows are settled by one comparison, with plain Lloyd's answer to the bit. */

import type { Matrix } from "../matrix.ts";
import { squaredDistance, squaredDistancesInto } from "./nearest-center.ts";

export interface Lloyd {
  /** Row-major; moved in place. */
  readonly centers: Float64Array;
  readonly labels: Int32Array;
  /** Labels each row with its nearest centre, the first of equals. @returns how many labels changed. */
  assign(): number;
  /** Puts each centre at its rows' mean; an empty one onto the row farthest from its own centre. @returns summed squared movement. */
  moveCenters(): number;
  inertia(): number;
}

/** Bounds are kept in rounded arithmetic; they decide only with these relative margins, else the distances do. */
const distanceMargin = 1 + 1e-9;
const driftMargin = 1e-12;

/**
 * A row's distance to its own centre has an upper bound, that to every other a lower one; both are let out by how far the
 * centres drift. While upper is below lower, or below half the way from the own centre to the next, no other can be nearest.
 *
 * Drifts are summed by centre, so that an unsettled bound costs nothing: with `base` written when a row was last measured,
 *   upper = upperBase[row] + drift[label],   lower = lowerBase[row] - otherDrift[label].
 * Source: Hamerly, Making k-means Even Faster, SDM 2010. A label's change moves the row between two running sums, in row
 * order: what the bounds skip changes no bit.
 */
export function createLloyd(rows: Matrix, centers: Float64Array): Lloyd {
  const { rowCount, columnCount, values } = rows;
  const clusterCount = centers.length / columnCount;
  const labels = new Int32Array(rowCount).fill(-1);
  const upperBase = new Float64Array(rowCount);
  const lowerBase = new Float64Array(rowCount);
  const drift = new Float64Array(clusterCount);
  const otherDrift = new Float64Array(clusterCount);
  const squares = new Float64Array(clusterCount);
  const totals: Totals = { sums: new Float64Array(centers.length), counts: new Int32Array(clusterCount) };

  function assign(): number {
    const halfGaps = halfGapsOf(centers, columnCount);
    const slack = driftMargin * drift.reduce((sum, one) => sum + one, 0);
    let changedCount = 0;
    for (let row = 0, at = 0; row < rowCount; row++, at += columnCount) {
      const label = labels[row];
      if (label !== -1) {
        const bound = Math.max(halfGaps[label], lowerBase[row] - otherDrift[label]) - slack;
        if ((upperBase[row] + drift[label]) * distanceMargin < bound) continue;
        const distance = Math.sqrt(squaredDistance(values, at, centers, label * columnCount, columnCount));
        upperBase[row] = distance - drift[label];
        if (distance * distanceMargin < bound) continue;
      }
      squaredDistancesInto(values, at, centers, columnCount, squares);
      let nearest = 0;
      let least = squares[0];
      let second = Number.POSITIVE_INFINITY;
      for (let center = 1; center < clusterCount; center++) {
        const square = squares[center];
        if (square < least) {
          second = least;
          least = square;
          nearest = center;
        } else if (square < second) second = square;
      }
      upperBase[row] = Math.sqrt(least) - drift[nearest];
      lowerBase[row] = Math.sqrt(second) + otherDrift[nearest];
      if (nearest === label) continue;
      labels[row] = nearest;
      changedCount++;
      moveRow(totals, rows, row, { from: label, to: nearest });
    }
    return changedCount;
  }

  function moveCenters(): number {
    const moved = totals.counts.includes(0) ? refillEmpty(rows, labels, centers, totals) : [];
    for (const row of moved) {
      // Its bounds spoke of another centre.
      upperBase[row] = Number.POSITIVE_INFINITY;
      lowerBase[row] = Number.NEGATIVE_INFINITY;
    }
    let total = 0;
    const movements = new Float64Array(clusterCount);
    for (let center = 0; center < clusterCount; center++) {
      const square = moveToMean(totals, center, centers, columnCount);
      movements[center] = Math.sqrt(square);
      total += square;
    }
    for (let center = 0; center < clusterCount; center++) {
      drift[center] += movements[center];
      otherDrift[center] += largestBeside(movements, center);
    }
    return total;
  }

  function inertia(): number {
    let sum = 0;
    for (let row = 0, at = 0; row < rowCount; row++, at += columnCount) {
      sum += squaredDistance(values, at, centers, labels[row] * columnCount, columnCount);
    }
    return sum;
  }

  return { centers, labels, assign, moveCenters, inertia };
}

/** For each cluster the sum of its rows, and how many they are. */
interface Totals {
  readonly sums: Float64Array;
  readonly counts: Int32Array;
}

/** @param move.from the cluster the row leaves, -1 for none. */
function moveRow(totals: Totals, rows: Matrix, row: number, move: { readonly from: number; readonly to: number }): void {
  const { sums, counts } = totals;
  const { values, columnCount: width } = rows;
  const at = row * width;
  const toAt = move.to * width;
  counts[move.to]++;
  for (let column = 0; column < width; column++) sums[toAt + column] += values[at + column];
  if (move.from === -1) return;
  const fromAt = move.from * width;
  counts[move.from]--;
  for (let column = 0; column < width; column++) sums[fromAt + column] -= values[at + column];
}

/** @returns the squared movement. */
function moveToMean(totals: Totals, center: number, centers: Float64Array, width: number): number {
  const count = totals.counts[center];
  if (count === 0) return 0;
  let square = 0;
  for (let at = center * width; at < (center + 1) * width; at++) {
    const mean = totals.sums[at] / count;
    square += (mean - centers[at]) ** 2;
    centers[at] = mean;
  }
  return square;
}

/**
 * Gives each empty cluster the row farthest from its own centre (the first of equals), taken from a cluster that keeps
 * another row. Where every row lies on its centre the cluster stays empty. @returns the rows taken.
 */
function refillEmpty(rows: Matrix, labels: Int32Array, centers: Float64Array, totals: Totals): number[] {
  const { rowCount, columnCount: width, values } = rows;
  const { counts } = totals;
  const moved: number[] = [];
  const squares = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    squares[row] = squaredDistance(values, row * width, centers, labels[row] * width, width);
  }
  for (let empty = 0; empty < counts.length; empty++) {
    if (counts[empty] !== 0) continue;
    let farthest = -1;
    for (let row = 0; row < rowCount; row++) {
      if (counts[labels[row]] > 1 && squares[row] > (farthest === -1 ? 0 : squares[farthest])) farthest = row;
    }
    if (farthest === -1) break;
    squares[farthest] = 0;
    moveRow(totals, rows, farthest, { from: labels[farthest], to: empty });
    labels[farthest] = empty;
    moved.push(farthest);
  }
  return moved;
}

/** Half of each centre's distance to the nearest other one. */
function halfGapsOf(centers: Float64Array, width: number): Float64Array {
  const count = centers.length / width;
  const gaps = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      const half = Math.sqrt(squaredDistance(centers, a * width, centers, b * width, width)) / 2;
      gaps[a] = Math.min(gaps[a], half);
      gaps[b] = Math.min(gaps[b], half);
    }
  }
  return gaps;
}

function largestBeside(values: Float64Array, skipped: number): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) if (i !== skipped && values[i] > largest) largest = values[i];
  return largest;
}
