/** Values of one column arranged by where they stand in it, so that looking them up goes through memory in order. */

import type { ColumnBuckets } from "./column-lookup.ts";
import { bucketsInto } from "./column-lookup.ts";

export interface ArrangedValues {
  /** In the order of their ranges. */
  readonly values: Float64Array;
  /** Where each value went. */
  readonly places: Int32Array;
  /** The bucket of each value before it was arranged. */
  readonly buckets: Int32Array;
  readonly counts: Int32Array;
}

/** Buckets are taken together to this many ranges: as many as a pass can write to without losing their cache lines. */
const rangeCount = 2048;

export function createArrangedValues(lengthMax: number): ArrangedValues {
  return {
    values: new Float64Array(lengthMax),
    places: new Int32Array(lengthMax),
    buckets: new Int32Array(lengthMax),
    counts: new Int32Array(rangeCount + 1),
  };
}

/** A counting sort of the first `length` values by the range of buckets they fall into. */
export function arrangeInto(values: Float64Array, length: number, buckets: ColumnBuckets, out: ArrangedValues): void {
  const shift = Math.max(0, 32 - Math.clz32(Math.ceil(buckets.starts.length / rangeCount) - 1));
  bucketsInto(buckets, values, length, out.buckets);
  countRanges(out.buckets, length, shift, out.counts);
  scatter(values, length, shift, out);
}

/** `counts[r]` becomes the place of the first value of range r. */
function countRanges(buckets: Int32Array, length: number, shift: number, counts: Int32Array): void {
  counts.fill(0);
  for (let i = 0; i < length; i++) counts[(buckets[i] >>> shift) + 1]++;
  for (let range = 1; range < counts.length; range++) counts[range] += counts[range - 1];
}

function scatter(from: Float64Array, length: number, shift: number, { values, places, buckets, counts }: ArrangedValues): void {
  for (let i = 0; i < length; i++) {
    const to = counts[buckets[i] >>> shift]++;
    values[to] = from[i];
    places[i] = to;
  }
}
