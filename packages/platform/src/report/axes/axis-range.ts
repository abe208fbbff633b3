/** Chooses the range of an axis: all values, unless a few outliers would squeeze the others together. */

/** Quantiles that bound the bulk of the values. */
const [lowShare, highShare] = [0.05, 0.95];
/** Values farther from the bulk than this many times its width are drawn at the edge. */
const reachMax = 6;
const roomShare = 0.04;

export function axisRange(values: readonly number[]): [number, number] {
  const sorted = Float64Array.from(values).sort();
  const [low, high] = [lowShare, highShare].map((share) => sorted[Math.round((sorted.length - 1) * share)] ?? 0);
  const reach = reachMax * (high - low);
  let [min, max] = [sorted[0] ?? 0, sorted[sorted.length - 1] ?? 0];
  // If nine tenths of the values are equal, the range covers all values, to show the others.
  if (reach > 0 && Number.isFinite(reach)) {
    min = sorted.find((value) => value >= low - reach) ?? min;
    max = sorted.findLast((value) => value <= high + reach) ?? max;
  }
  const room = (max - min) * roomShare;
  return Number.isFinite(room) ? [min - room, max + room] : [min, max];
}
