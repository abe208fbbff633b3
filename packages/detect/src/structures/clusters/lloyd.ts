/** Lloyd's iteration with Hamerly's bounds: most rows are settled by one comparison, with plain Lloyd's answer to the bit. */

import type { DenseKernels, NearestCenters } from "../../kernels/dense-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import { squaredDistance } from "./nearest-center.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { kernelWorkMax, pieceWorkMax } from "../../threads/pieces.ts";

export interface Lloyd {
  /** Row-major; moved in place. */
  readonly centers: Float64Array;
  readonly labels: Int32Array;
  /** Labels each row with its nearest centre, the first of equals. @returns how many labels changed. */
  assign(): Pieces<number>;
  /** Puts each centre at its rows' mean; an empty one onto the row farthest from its own centre. @returns summed squared movement. */
  moveCenters(): Pieces<number>;
  inertia(): Pieces<number>;
}

/** Bounds are kept in rounded arithmetic; they decide only with these relative margins, else the distances do. */
const distanceMargin = 1 + 1e-9;
const driftMargin = 1e-12;
/** Rows in a block: their bounds are checked first, then all unsettled rows are measured at once. */
const blockRowCount = 4096;

/**
 * A row's distance to its own centre has an upper bound, that to every other a lower one; both are let out by how far the
 * centres drift. While upper is below lower, or below half the way from the own centre to the next, no other can be nearest.
 *
 * Drifts are summed by centre, so that an unsettled bound costs nothing: with `base` written when a row was last measured,
 *   upper = upperBase[row] + drift[label],   lower = lowerBase[row] - otherDrift[label].
 * Source: Hamerly, Making k-means Even Faster, SDM 2010. A label's change moves the row between two running sums, in row
 * order: what the bounds skip changes no bit.
 */
export function createLloyd(rows: Matrix, centers: Float64Array, kernels: DenseKernels): Lloyd {
  const { rowCount, columnCount, values } = rows;
  const clusterCount = centers.length / columnCount;
  const centerRows: Matrix = { rowCount: clusterCount, columnCount, values: centers };
  const labels = new Int32Array(rowCount).fill(-1);
  const upperBase = new Float64Array(rowCount).fill(Number.POSITIVE_INFINITY);
  const lowerBase = new Float64Array(rowCount).fill(Number.NEGATIVE_INFINITY);
  const drift = new Float64Array(clusterCount);
  const otherDrift = new Float64Array(clusterCount);
  const totals: Totals = { sums: new Float64Array(centers.length), counts: new Int32Array(clusterCount) };
  const measuredRowCountMax = Math.max(1, Math.floor(kernelWorkMax / centers.length));
  const unsettled = new Int32Array(Math.min(rowCount, blockRowCount, measuredRowCountMax));
  const found: NearestCenters = {
    nearest: new Int32Array(unsettled.length),
    squares: new Float64Array(unsettled.length),
    nextSquares: new Float64Array(unsettled.length),
  };

  function* assign(): Pieces<number> {
    const halfGaps = yield* halfGapsOf(centers, columnCount);
    const slack = driftMargin * drift.reduce((sum, one) => sum + one, 0);
    let changedCount = 0;
    for (let start = 0; start < rowCount; start += unsettled.length) {
      const count = listUnsettled(start, Math.min(start + unsettled.length, rowCount), halfGaps, slack);
      yield;
      if (count === 0) continue;
      kernels.nearestCentersInto(rows, centerRows, found, unsettled.subarray(0, count));
      changedCount += settle(count);
    }
    return changedCount;
  }

  /** @returns how many rows are in `unsettled`: those whose bounds leave open which centre is nearest. */
  function listUnsettled(start: number, end: number, halfGaps: Float64Array, slack: number): number {
    let count = 0;
    for (let row = start; row < end; row++) {
      const label = labels[row];
      if (label !== -1) {
        const lower = lowerBase[row] - otherDrift[label];
        const bound = (lower > halfGaps[label] ? lower : halfGaps[label]) - slack;
        if ((upperBase[row] + drift[label]) * distanceMargin < bound) continue;
      }
      unsettled[count++] = row;
    }
    return count;
  }

  /** Stores the nearest centres found for the rows in `unsettled`. @returns how many labels changed. */
  function settle(count: number): number {
    let changedCount = 0;
    for (let i = 0; i < count; i++) {
      const row = unsettled[i];
      const nearest = found.nearest[i];
      upperBase[row] = Math.sqrt(found.squares[i]) - drift[nearest];
      lowerBase[row] = Math.sqrt(found.nextSquares[i]) + otherDrift[nearest];
      if (nearest === labels[row]) continue;
      moveRow(totals, rows, row, { from: labels[row], to: nearest });
      labels[row] = nearest;
      changedCount++;
    }
    return changedCount;
  }

  function* moveCenters(): Pieces<number> {
    const moved = totals.counts.includes(0) ? yield* refillEmpty(rows, labels, centers, totals) : [];
    for (const row of moved) {
      // The row's bounds were those of another centre.
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

  function* inertia(): Pieces<number> {
    let sum = 0;
    for (let row = 0, at = 0; row < rowCount; row++, at += columnCount) {
      if (at % pieceWorkMax < columnCount) yield;
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
function* refillEmpty(rows: Matrix, labels: Int32Array, centers: Float64Array, totals: Totals): Pieces<number[]> {
  const { rowCount, columnCount: width, values } = rows;
  const { counts } = totals;
  const moved: number[] = [];
  const squares = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    if ((row * width) % pieceWorkMax < width) yield;
    squares[row] = squaredDistance(values, row * width, centers, labels[row] * width, width);
  }
  for (let empty = 0; empty < counts.length; empty++) {
    if (counts[empty] !== 0) continue;
    yield;
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
function* halfGapsOf(centers: Float64Array, width: number): Pieces<Float64Array> {
  const count = centers.length / width;
  const gaps = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let a = 0, work = 0; a < count; a++, work += a * width) {
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
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
