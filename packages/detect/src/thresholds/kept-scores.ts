/** Sets a threshold anew from the training scores that a model keeps. */

import { NomalyError } from "../errors.ts";
import { orderStatisticCountMax, type RankState } from "./rank.ts";
import { thresholdOfSorted } from "./threshold.ts";
import type { ThresholdSpec } from "./threshold-spec.ts";

/**
 * The threshold that a fit with this method would have set, bit for bit, where all training scores are kept. Of more rows evenly spaced
 * scores are kept: then it lies within 1 / 65,535 of the rows.
 * @throws NomalyError UNSUPPORTED for a method that needs every score of the tail, where not all are kept.
 */
export function thresholdOfKept({ orderStatistics, rowCount }: RankState, spec: ThresholdSpec): number {
  if (spec.method === "extreme-value" && orderStatistics.length < rowCount) {
    const message = `threshold extreme-value needs all ${rowCount} training scores, and a model keeps ${orderStatisticCountMax} at most: use another method or a score, or fit again`;
    const details = { field: "threshold", expected: "contamination, percentile, fixed, iqr or mad", received: spec.method };
    throw new NomalyError("UNSUPPORTED", message, details);
  }
  return thresholdOfSorted(orderStatistics, spec);
}
