/** The median of a column, and its spread about the median, in one sort. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import { sortColumn } from "../../structures/histograms/sorted-column.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Makes the median absolute deviation estimate the standard deviation of normal data: Phi^-1(3/4). */
const medianConsistency = 0.6745;
/** Makes the mean absolute deviation do so: sqrt(pi / 2) (Iglewicz and Hoaglin, section 3.3). */
const meanConsistency = 1.2533;

/** Input of the task `centerAndScale`. */
export interface CenterAndScaleTask {
  /** Sorted in place. */
  readonly column: Float64Array;
}

export interface CenterAndScale {
  readonly centre: number;
  /** A robust standard deviation; 0 for a constant column. */
  readonly scale: number;
}

/** MAD / 0.6745; where more than half the column is one value, the mean absolute deviation; 0 for a constant column. */
export function* centerAndScale({ column }: CenterAndScaleTask, kernels: KernelSet): Pieces<CenterAndScale> {
  yield* sortColumn(column, new Uint32Array(column.length), kernels);
  const middle = column.length >> 1;
  const centre = column.length % 2 === 1 ? column[middle] : midpoint(column[middle - 1], column[middle]);
  const median = medianDeviation(column, centre);
  if (median > 0) return { centre, scale: bounded(median / medianConsistency) };
  let sum = 0;
  // Divided one by one: the sum of a few deviations near the end of float64 would overflow.
  for (const value of column) sum += Math.abs(value - centre) / column.length;
  return { centre, scale: bounded(meanConsistency * sum) };
}

/** The median of |value - centre|. Away from the middle deviations only grow, on either side: walk both sides at once. */
function medianDeviation(sorted: Float64Array, centre: number): number {
  const middle = sorted.length >> 1;
  let left = middle - 1;
  let right = middle;
  let previous = 0;
  let deviation = 0;
  for (let taken = 0; taken <= middle; taken++) {
    const below = left >= 0 ? centre - sorted[left] : Number.POSITIVE_INFINITY;
    const above = right < sorted.length ? sorted[right] - centre : Number.POSITIVE_INFINITY;
    previous = deviation;
    if (below <= above && left >= 0) {
      deviation = below;
      left--;
    } else {
      deviation = above;
      right++;
    }
  }
  return sorted.length % 2 === 1 ? bounded(deviation) : midpoint(bounded(previous), bounded(deviation));
}

/** The midpoint, also where the sum of the two overflows. */
function midpoint(low: number, high: number): number {
  const sum = low + high;
  return Number.isFinite(sum) ? sum / 2 : low / 2 + high / 2;
}

function bounded(value: number): number {
  return Math.min(value, Number.MAX_VALUE);
}
