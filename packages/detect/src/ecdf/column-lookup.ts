/** Where a value stands in a sorted column: a binary search, or for many values a search begun in a table of buckets. */

import { readAhead } from "./read-ahead.ts";

/**
 * Buckets of equal width over the middle of a sorted column; `starts[b]` entries of the column lie in earlier ones, and
 * the last start is their number. The bucket of a value never falls as the value rises, so entries of earlier buckets
 * are below it and entries of later ones above it. The outer 1/128 of rows at either end share the end buckets, so that
 * a few huge values do not empty the others.
 */
export interface ColumnBuckets {
  readonly low: number;
  /** Buckets for each unit of the column. */
  readonly scale: number;
  readonly starts: Int32Array;
}

/** Values, and where their counts go, an entry a value. */
export interface ColumnCounts {
  readonly values: Float64Array;
  readonly below: Int32Array;
  readonly upTo: Int32Array;
  readonly scratch: LookupScratch;
}

/** What a search of many values needs, made once. */
export interface LookupScratch {
  /** Differences between entries and values, and the same numbers as pairs of 32 bits. */
  readonly differences: Float64Array;
  readonly bits: Int32Array;
  /** Which values are still searched. */
  readonly active: Int32Array;
}

/** Rows to a bucket, about: few to walk over, and a table that stays in the cache. */
const rowsPerBucket = 2;
const tailShare = 128;
/** Entries of the column looked at in one round: half a cache line. */
const windowLength = 4;
/** Rounds until the values still searched, those in crowded buckets, are searched one by one. */
const roundCountMax = 6;
/** Ranges up to this length are walked: sooner done than halved. */
const walkedMax = 8;

export function createLookupScratch(lengthMax: number): LookupScratch {
  const differences = new Float64Array(lengthMax * windowLength);
  return {
    differences,
    bits: new Int32Array(differences.buffer),
    active: new Int32Array(lengthMax),
  };
}

/** @returns undefined where buckets do not help: too few rows, no spread. */
export function columnBuckets(sorted: Float64Array): ColumnBuckets | undefined {
  const tail = Math.floor(sorted.length / tailShare);
  const low = sorted[tail];
  const wanted = Math.floor(sorted.length / rowsPerBucket);
  const scale = wanted / (sorted[sorted.length - 1 - tail] - low);
  if (sorted.length < windowLength || !(scale > 0 && scale < Number.POSITIVE_INFINITY)) return undefined;
  const starts = new Int32Array(wanted + 1);
  // The last entry of each bucket writes where the next one starts; empty buckets start where the one before does.
  for (let i = 0; i < sorted.length; i++) {
    const bucket = Math.max(0, Math.min(wanted - 1, (sorted[i] - low) * scale)) | 0;
    starts[bucket + 1] = i + 1;
  }
  for (let bucket = 1; bucket <= wanted; bucket++) starts[bucket] = Math.max(starts[bucket], starts[bucket - 1]);
  return { low, scale, starts };
}

/**
 * For each of the first `length` values: how many entries of the sorted column are below it, and how many are not above it.
 * @param buckets of this column; without them the whole column is searched. The counts are the same.
 */
export function countsInto(sorted: Float64Array, buckets: ColumnBuckets | undefined, length: number, block: ColumnCounts): void {
  const { values, below, upTo } = block;
  if (buckets === undefined) for (let i = 0; i < length; i++) below[i] = firstNotBelow(sorted, values[i], 0);
  else belowInto(sorted, buckets, length, block);
  for (let i = 0; i < length; i++)
    upTo[i] = sorted[below[i]] === values[i] ? firstAbove(sorted, values[i], below[i] + 1) : below[i];
}

/**
 * Finds `below` of many values at once. One value after the other would wait for memory at every step, as each step
 * decides the next; so every loop here does one step of all values, without branches, and their waits overlap.
 */
function belowInto(sorted: Float64Array, buckets: ColumnBuckets, length: number, block: ColumnCounts): void {
  const { values, below, scratch } = block;
  bucketsInto(buckets, values, length, below);
  startsInto(buckets.starts, length, below);
  readAhead(sorted, below, length);
  for (let i = 0; i < length; i++) scratch.active[i] = i;
  let activeCount = length;
  for (let round = 0; round < roundCountMax && activeCount > 0; round++) {
    differencesInto(sorted, activeCount, block);
    activeCount = advance(activeCount, block);
  }
  for (let k = 0; k < activeCount; k++) {
    const i = scratch.active[k];
    below[i] = firstNotBelow(sorted, values[i], below[i]);
  }
}

/** The bucket of each of the first `length` values. */
export function bucketsInto({ low, scale, starts }: ColumnBuckets, values: Float64Array, length: number, out: Int32Array): void {
  const last = starts.length - 2;
  for (let i = 0; i < length; i++) out[i] = Math.max(0, Math.min(last, (values[i] - low) * scale)) | 0;
}

/** Where the search of each value starts: at the first entry of its bucket. */
function startsInto(starts: Int32Array, length: number, below: Int32Array): void {
  for (let i = 0; i < length; i++) below[i] = starts[below[i]];
}

/** The entries of each active value's window less the value; a window that would pass the end begins earlier. */
function differencesInto(sorted: Float64Array, activeCount: number, { values, below, scratch }: ColumnCounts): void {
  const { differences, active } = scratch;
  const startMax = sorted.length - windowLength;
  for (let k = 0; k < activeCount; k++) {
    const i = active[k];
    const value = values[i];
    const at = Math.min(below[i], startMax);
    below[i] = at;
    const to = k * windowLength;
    differences[to] = sorted[at] - value;
    differences[to + 1] = sorted[at + 1] - value;
    differences[to + 2] = sorted[at + 2] - value;
    differences[to + 3] = sorted[at + 3] - value;
  }
}

/**
 * Moves each active value past the entries below it, those whose difference has a sign: float64 has a difference other
 * than 0 for any two numbers. Values with a whole window below them stay active.
 * @returns how many stay.
 */
function advance(activeCount: number, { below, scratch }: ColumnCounts): number {
  const { bits, active } = scratch;
  let kept = 0;
  for (let k = 0; k < activeCount; k++) {
    const i = active[k];
    const high = 2 * k * windowLength + 1;
    const whole = bits[high + 6] >>> 31;
    const at = below[i] + (bits[high] >>> 31) + (bits[high + 2] >>> 31) + (bits[high + 4] >>> 31) + whole;
    below[i] = at;
    active[kept] = i;
    kept += whole;
  }
  return kept;
}

/** Place of the first entry from `start` on that is not below the value; the length of the column if there is none. */
function firstNotBelow(sorted: Float64Array, value: number, start: number): number {
  let low = start | 0;
  let high = sorted.length;
  while (high - low > walkedMax) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  while (low < high && sorted[low] < value) low++;
  return low;
}

/** Place of the first entry from `start` on that is above the value; the length of the column if there is none. */
function firstAbove(sorted: Float64Array, value: number, start: number): number {
  let low = start | 0;
  let high = sorted.length;
  // Mostly the value is a single entry.
  if (low < high && sorted[low] > value) return low;
  while (high - low > walkedMax) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  while (low < high && sorted[low] <= value) low++;
  return low;
}
