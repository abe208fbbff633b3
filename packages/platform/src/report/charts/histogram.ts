/** Counts scores in bins of equal width. */

export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Scores of each bin that are above the threshold. */
  readonly anomalyCounts: readonly number[];
  /** Scores above the last edge, which the last bin counts, so that a few extreme scores do not squeeze all others into one bin. */
  readonly beyondCount: number;
  readonly max: number;
}

/** The bins cover this share of the scores, unless the rest is close. */
const coveredShare = 0.98;
/** The bins reach to the maximum if it is within this many times the covered range. */
const stretchMax = 3;

/** Scores with a smaller relative spread differ by rounding only. */
const spreadMin = 1e-9;

/** Most scores used to choose the range of the bins. */
const sampleCountMax = 50_000;

export function histogramOf(scores: Float64Array, binCount: number, threshold = Number.POSITIVE_INFINITY): Histogram {
  let [min, max] = [scores[0] ?? 0, scores[0] ?? 0];
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row];
    if (score < min) min = score;
    if (score > max) max = score;
  }
  const last = lastEdge(scores, min, max);
  const step = (last - min) / binCount;
  const counts = Array.from({ length: binCount }, () => 0);
  const anomalyCounts = Array.from({ length: binCount }, () => 0);
  let beyondCount = 0;
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row];
    if (score > last) beyondCount++;
    // Dividing before subtracting keeps huge ranges finite.
    const place = step > 0 ? Math.floor(score / step - min / step) : 0;
    const bin = Math.max(0, Math.min(binCount - 1, place));
    counts[bin]++;
    if (score > threshold) anomalyCounts[bin]++;
  }
  const edges = Array.from({ length: binCount + 1 }, (_, index) => (index === binCount ? last : min + index * step));
  return { edges, counts, anomalyCounts, beyondCount, max };
}

function lastEdge(scores: Float64Array, min: number, max: number): number {
  const stride = Math.ceil(scores.length / sampleCountMax);
  const sample = Float64Array.from(
    { length: Math.ceil(scores.length / Math.max(1, stride)) },
    (_, index) => scores[index * stride],
  ).sort();
  const covered = sample[Math.floor((sample.length - 1) * coveredShare)] ?? 0;
  const isSpread = covered - min > spreadMin * Math.max(Math.abs(min), Math.abs(covered));
  const isStretched = isSpread && max - min > stretchMax * (covered - min);
  return isStretched ? covered + (covered - min) * 0.25 : max;
}
