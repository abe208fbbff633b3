/** Percentiles of sorted scores, as numpy's default ("linear") rule gives them, bit for bit. */

/**
 * The value below which `percent` per cent of the sorted values lie, interpolated between neighbours.
 * @param sorted ascending, at least one value, no NaN; infinities come back as themselves.
 * @param percent from 0 to 100.
 */
export function percentileOfSorted(sorted: Float64Array, percent: number): number {
  const position = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const share = position - below;
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  if (low === high || share === 0) return low;
  // Between a finite value and an infinite one there is nothing to interpolate.
  if (high === Number.POSITIVE_INFINITY) return low === Number.NEGATIVE_INFINITY ? low : high;
  const step = high - low;
  if (step === Number.POSITIVE_INFINITY) return low * (1 - share) + high * share;
  // Numpy counts from the nearer end, so that a share of nearly 1 gives exactly the upper value.
  return share >= 0.5 ? high - step * (1 - share) : low + step * share;
}
