/** Percentiles of scores, as numpy's default ("linear") rule gives them, bit for bit. */

import { selectPair } from "./select.ts";

/**
 * The value below which `percent` per cent of the sorted values lie, interpolated between neighbours.
 * @param sorted ascending, at least one value, no NaN; infinities come back as themselves.
 * @param percent from 0 to 100.
 */
export function percentileOfSorted(sorted: Float64Array, percent: number): number {
  const { below, share } = placeOf(sorted.length, percent);
  return between(sorted[below], sorted[Math.min(below + 1, sorted.length - 1)], share);
}

/** {@link percentileOfSorted} of values in any order, in linear time. */
export function percentileOf(values: Float64Array, percent: number): number {
  const { below, share } = placeOf(values.length, percent);
  const { low, high } = selectPair(values.slice(), below);
  return between(low, high, share);
}

function placeOf(count: number, percent: number): { below: number; share: number } {
  const position = (percent / 100) * (count - 1);
  const below = Math.floor(position);
  return { below, share: position - below };
}

function between(low: number, high: number, share: number): number {
  if (low === high || share === 0) return low;
  // Between a finite value and an infinite one there is nothing to interpolate.
  if (high === Number.POSITIVE_INFINITY) return low === Number.NEGATIVE_INFINITY ? low : high;
  const step = high - low;
  if (step === Number.POSITIVE_INFINITY) return low * (1 - share) + high * share;
  // Numpy counts from the nearer end, so that a share of nearly 1 gives exactly the upper value.
  return share >= 0.5 ? high - step * (1 - share) : low + step * share;
}
