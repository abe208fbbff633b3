/** Makes axes of unit length and at right angles again, and replaces axes of which rounding has left nothing. */

import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";

/** Axes whose variance is a larger share of the largest are at right angles to all before them, to some twelve digits. */
const soundShare = 1e-4;
/** Rounds of Gram-Schmidt: the second subtracts what rounding left of the first. */
const roundCount = 2;
/** A unit axis whose part at right angles to the earlier axes is shorter than this is replaced. */
const keptLengthMin = 0.5;

/**
 * Orthonormalizes the axes in place, one after the other, the widest first.
 * @param axes k x width: their directions are right where their variance is above rounding.
 * @param variances descending; an axis whose variance is within rounding of 0 is replaced by the unit vector of the column that
 *   the earlier axes cover least, made orthogonal to them.
 */
export function* orthonormalize(axes: Float64Array, width: number, variances: Float64Array): Pieces<void> {
  const count = variances.length;
  const lost = width * Number.EPSILON * variances[0];
  // For each column, the squared length of the part of its unit vector at right angles to the axes so far.
  let left: Float64Array | undefined;
  for (let k = 0; k < count; k++) {
    const axis = axes.subarray(k * width, (k + 1) * width);
    const isKnown = variances[k] > lost && scaleToUnit(axis) > 0;
    if (isKnown && variances[k] > soundShare * variances[0]) continue;
    const isKept = isKnown && (yield* takeOffEarlier(axes, k, axis)) >= keptLengthMin;
    if (!isKept) {
      left ??= leftOf(axes, k, width);
      axis.fill(0);
      axis[largestAt(left)] = 1;
      yield* takeOffEarlier(axes, k, axis);
    }
    if (left !== undefined) for (let j = 0; j < width; j++) left[j] -= axis[j] * axis[j];
  }
}

/** Subtracts the unit axis's projections on the first `count` axes and scales the rest to 1. @returns the length of the rest. */
function* takeOffEarlier(axes: Float64Array, count: number, axis: Float64Array): Pieces<number> {
  const width = axis.length;
  let kept = 1;
  let work = 0;
  for (let round = 0; round < roundCount; round++) {
    for (let start = 0; start < count * width; start += width) {
      let along = 0;
      for (let j = 0; j < width; j++) along += axis[j] * axes[start + j];
      for (let j = 0; j < width; j++) axis[j] -= along * axes[start + j];
      work += 2 * width;
      if (work > pieceWorkMax) {
        work = 0;
        yield;
      }
    }
    kept *= scaleToUnit(axis);
  }
  return kept;
}

/** @returns the length before. */
function scaleToUnit(axis: Float64Array): number {
  let square = 0;
  for (const value of axis) square += value * value;
  const length = Math.sqrt(square);
  if (length > 0) for (let j = 0; j < axis.length; j++) axis[j] /= length;
  return length;
}

function leftOf(axes: Float64Array, count: number, width: number): Float64Array {
  const left = new Float64Array(width).fill(1);
  for (let at = 0; at < count * width; at++) left[at % width] -= axes[at] * axes[at];
  return left;
}

function largestAt(values: Float64Array): number {
  let top = 0;
  for (let j = 1; j < values.length; j++) if (values[j] > values[top]) top = j;
  return top;
}
