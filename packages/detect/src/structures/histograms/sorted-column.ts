/** Sorts a long column in pieces: parts by the kernels, then merged two by two. */

import type { ColumnKernels } from "../../kernels/column-kernels.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Rows of a part: the kernels sort so many in about a tenth of a second. A shorter column is one part. */
const partRowCount = 2_097_152;
/** Rows merged between two pieces. */
const mergedRowCount = 1_048_576;

/** As the kernel of that name: ascending; `order[i]` is the place that the i-th smallest value had; ties keep their order. */
export function* sortColumn(
  values: Float64Array,
  order: Uint32Array,
  kernels: ColumnKernels,
  partLength = partRowCount,
): Pieces<void> {
  for (let start = 0; start < values.length; start += partLength) {
    const end = Math.min(start + partLength, values.length);
    kernels.sortColumn(values.subarray(start, end), order.subarray(start, end));
    if (start > 0) for (let i = start; i < end; i++) order[i] += start;
    yield;
  }
  for (let size = partLength; size < values.length; size *= 2) {
    for (let start = 0; start + size < values.length; start += 2 * size) {
      const end = Math.min(start + 2 * size, values.length);
      yield* mergeParts(values.subarray(start, end), order.subarray(start, end), size);
    }
  }
}

/** Merges two sorted parts that meet at `middle`. Of equal values those of the first part come first. */
function* mergeParts(values: Float64Array, order: Uint32Array, middle: number): Pieces<void> {
  const firstValues = values.slice(0, middle);
  const firstOrder = order.slice(0, middle);
  let second = middle;
  for (let first = 0, out = 0; first < middle; out++) {
    if (second < values.length && values[second] < firstValues[first]) {
      values[out] = values[second];
      order[out] = order[second++];
    } else {
      values[out] = firstValues[first];
      order[out] = firstOrder[first++];
    }
    if (out % mergedRowCount === mergedRowCount - 1) yield;
  }
}
