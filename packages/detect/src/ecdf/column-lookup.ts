/** Where a value stands in a sorted column: a binary search, shortened by buckets when many values are asked. */

/**
 * Buckets of equal width over the middle of a sorted column. Values of bucket b stand in `starts[b]` to
 * `starts[b + 1]`. The bucket of a value never falls as the value rises, so a search needs its own bucket only. The
 * outer 1/128 of rows at either end share the end buckets, so that a few huge values do not empty the others.
 */
export interface ColumnBuckets {
  readonly low: number;
  /** Buckets for each unit of the column; 0 when buckets do not help (no spread). */
  readonly scale: number;
  readonly starts: Int32Array;
}

/** Values, and where their counts go, an entry a value; `firsts` is scratch. */
export interface ColumnCounts {
  readonly values: Float64Array;
  readonly below: Int32Array;
  readonly upTo: Int32Array;
  readonly firsts: Float64Array;
}

/** Rows to a bucket, about: one or two cache lines of values. */
const rowsPerBucket = 2;
const tailShare = 128;
/** Ranges up to this length are walked: sooner done than halved. */
const walkedMax = 8;

export function columnBuckets(sorted: Float64Array): ColumnBuckets {
  const tail = Math.floor(sorted.length / tailShare);
  const low = sorted[tail];
  const wanted = Math.max(1, Math.floor(sorted.length / rowsPerBucket));
  const scale = wanted / (sorted[sorted.length - 1 - tail] - low);
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
    return { low: 0, scale: 0, starts: Int32Array.of(0, sorted.length) };
  }
  const starts = new Int32Array(wanted + 1);
  let next = 0;
  for (let i = 0; i < sorted.length; i++) {
    const bucket = Math.max(0, Math.min(wanted - 1, (sorted[i] - low) * scale)) | 0;
    while (next <= bucket) starts[next++] = i;
  }
  while (next <= wanted) starts[next++] = sorted.length;
  return { low, scale, starts };
}

/**
 * For each of the first `length` values: how many entries of the sorted column are below it, and how many are not above it.
 * @param buckets of this column; without them the whole column is searched. The counts are the same.
 */
export function countsInto(sorted: Float64Array, buckets: ColumnBuckets | undefined, length: number, block: ColumnCounts): void {
  const { values, below, upTo, firsts } = block;
  if (buckets === undefined) {
    for (let i = 0; i < length; i++) {
      below[i] = firstNotBelow(sorted, values[i], 0, sorted.length);
      upTo[i] = firstAbove(sorted, values[i], below[i], sorted.length);
    }
    return;
  }
  rangesInto(buckets, length, block);
  // The first value of every bucket is read in a loop of its own: all cache misses at once, and the searches below,
  // full of branches, then meet none.
  const lastPlace = sorted.length - 1;
  for (let i = 0; i < length; i++) firsts[i] = sorted[Math.min(below[i], lastPlace)];
  for (let i = 0; i < length; i++) {
    const end = upTo[i];
    const start = firsts[i] >= values[i] ? below[i] : firstNotBelow(sorted, values[i], below[i], end);
    below[i] = start;
    upTo[i] = firstAbove(sorted, values[i], start, end);
  }
}

/** The bucket of each value: its start into `below`, its end into `upTo`. No branch, so that cache misses overlap. */
function rangesInto(buckets: ColumnBuckets, length: number, block: ColumnCounts): void {
  const { low, scale, starts } = buckets;
  const { values, below, upTo } = block;
  const last = starts.length - 2;
  for (let i = 0; i < length; i++) {
    const bucket = Math.max(0, Math.min(last, (values[i] - low) * scale)) | 0;
    below[i] = starts[bucket];
    upTo[i] = starts[bucket + 1];
  }
}

/** Place of the first entry in `sorted[start..end)` that is not below the value; `end` if there is none. */
function firstNotBelow(sorted: Float64Array, value: number, start: number, end: number): number {
  let low = start | 0;
  let high = end | 0;
  while (high - low > walkedMax) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  while (low < high && sorted[low] < value) low++;
  return low;
}

/** Place of the first entry in `sorted[start..end)` that is above the value; `end` if there is none. */
function firstAbove(sorted: Float64Array, value: number, start: number, end: number): number {
  let low = start | 0;
  let high = end | 0;
  // Mostly the value is no entry, or a single one.
  if (low < high && sorted[low] > value) return low;
  while (high - low > walkedMax) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  while (low < high && sorted[low] <= value) low++;
  return low;
}
