/** Counts of scores in equal steps, over the range in which they lie. */

export interface Histogram {
  /** One more than there are bins. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Scores above the last edge, so that a few extreme ones do not squeeze all others into one bin; counted in the last bin. */
  readonly beyondCount: number;
  readonly max: number;
}

/** Share of the scores that the bins are laid out for, unless the rest lies close. */
const coveredShare = 0.995;
/** The bins reach to the maximum when it lies within this many times the covered range. */
const stretchMax = 3;

export function histogramOf(scores: Float64Array, binCount: number): Histogram {
  const sorted = scores.slice().sort();
  const min = sorted[0] ?? 0;
  const max = sorted[sorted.length - 1] ?? 0;
  const covered = sorted[Math.floor((sorted.length - 1) * coveredShare)] ?? 0;
  const isStretched = max - min > stretchMax * (covered - min) && covered > min;
  const last = isStretched ? covered + (covered - min) * 0.25 : max;
  const step = (last - min) / binCount;
  const counts = Array.from({ length: binCount }, () => 0);
  let beyondCount = 0;
  for (const score of sorted) {
    if (score > last) beyondCount++;
    // Dividing before subtracting keeps huge ranges finite.
    const bin = step > 0 ? Math.floor(score / step - min / step) : 0;
    counts[Math.max(0, Math.min(binCount - 1, bin))]++;
  }
  const edges = Array.from({ length: binCount + 1 }, (_, index) => (index === binCount ? last : min + index * step));
  return { edges, counts, beyondCount, max };
}
