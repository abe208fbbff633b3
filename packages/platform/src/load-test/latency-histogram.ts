/**
 * Counts latencies in buckets whose width grows with the value (log-linear, as in HdrHistogram by Gil Tene): memory does not grow with the number
 * of requests. Not Node's own histogram, which is one of these too, but does not show its buckets, of which the chart is made.
 */

/** Buckets of each doubling: the middle of a bucket is at most 1/256 of the value away from it. */
const stepCount = 128;
const stepBits = 7;
/** Microseconds: about 71 minutes. Longer ones count as this. */
const valueMax = 2 ** 32 - 1;
const bucketCount = (32 - stepBits + 1) * stepCount;
/** Steps a doubling of the chart's bars, from fine to coarse. */
const barsPerDoubling = [8, 4, 2, 1, 0.5];

export interface LatencyBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export interface LatencyHistogram {
  record(milliseconds: number): void;
  readonly count: number;
  /** Null without values; exact, as are `minMs` and `maxMs`. */
  readonly meanMs: number | null;
  readonly minMs: number | null;
  readonly maxMs: number | null;
  /**
   * The smallest value that at least this share of the values does not exceed, within 1/256.
   * Null where fewer than two values are expected beyond it: with 20 values or fewer there is no 95th percentile.
   */
  readonly percentileMs: (share: number) => number | null;
  /** Without a gap from the smallest to the largest value; each bar covers the same ratio of times. */
  readonly bars: (countMax: number) => LatencyBar[];
  /** How many numbers it keeps, whatever the number of values. */
  readonly bucketCount: number;
}

export function createLatencyHistogram(): LatencyHistogram {
  const counts = new Float64Array(bucketCount);
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;

  function record(milliseconds: number): void {
    const value = Math.max(0, milliseconds);
    counts[bucketOf(Math.min(valueMax, Math.round(value * 1000)))]++;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }

  function percentileMs(share: number): number | null {
    // The small number forgives that 1 - 0.95 is a little more than 0.05.
    if (count * (1 - share) <= 1 + 1e-9) return null;
    const rank = Math.ceil(count * share - 1e-9);
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += counts[bucket];
      if (seen >= rank) return Math.min(max, Math.max(min, middleOf(bucket) / 1000));
    }
    return max;
  }

  function bars(countMax: number): LatencyBar[] {
    if (count === 0) return [];
    const filled = Array.from(counts.keys()).filter((bucket) => counts[bucket] > 0);
    const barOf = (bucket: number, density: number) => Math.floor(Math.log2(Math.max(1, middleOf(bucket))) * density);
    const [first, last] = [filled[0], filled[filled.length - 1]];
    // Few values need few bars.
    const limit = Math.min(countMax, Math.max(4, Math.ceil(2 * Math.sqrt(count))));
    const fits = (density: number) => barOf(last, density) - barOf(first, density) < limit;
    const density = barsPerDoubling.find(fits) ?? barsPerDoubling[barsPerDoubling.length - 1];
    const start = barOf(first, density);
    const edgeMs = (bar: number) => 2 ** (bar / density) / 1000;
    const found = Array.from({ length: barOf(last, density) - start + 1 }, (_, index) => ({
      fromMs: edgeMs(start + index),
      toMs: edgeMs(start + index + 1),
      count: 0,
    }));
    for (const bucket of filled) found[barOf(bucket, density) - start].count += counts[bucket];
    return found;
  }

  return {
    record,
    get count() {
      return count;
    },
    get meanMs() {
      return count === 0 ? null : sum / count;
    },
    get minMs() {
      return count === 0 ? null : min;
    },
    get maxMs() {
      return count === 0 ? null : max;
    },
    percentileMs,
    bars,
    bucketCount,
  };
}

/** Below `stepCount` each whole number has a bucket; from there each doubling has `stepCount` of equal width. */
function bucketOf(value: number): number {
  if (value < stepCount) return value;
  const shift = 31 - Math.clz32(value) - stepBits;
  return shift * stepCount + (value >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * stepCount) return bucket;
  const shift = Math.floor(bucket / stepCount) - 1;
  const width = 2 ** shift;
  return (bucket - shift * stepCount) * width + (width - 1) / 2;
}
