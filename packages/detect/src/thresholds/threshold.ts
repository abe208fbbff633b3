/** Sets a threshold from training scores. */

import { NomalyError } from "../errors.ts";
import { extremeValueThreshold } from "./extreme-value.ts";
import { percentileOf, percentileOfSorted } from "./percentile.ts";
import type { ThresholdSpec } from "./threshold-spec.ts";

/** Makes the median absolute deviation estimate the standard deviation of normal data: Phi^-1(3/4). */
const madConsistency = 0.6745;

/**
 * The score above which a row is anomalous (`score > threshold`, strictly: ties are normal, so equal scores give none).
 *
 * contamination, percentile: numpy's linear percentile at `100 (1 - contamination)`, as PyOD sets it.
 * iqr: Q3 + factor (Q3 - Q1). mad: median + factor MAD / 0.6745. fixed: the value given. extreme-value: see there.
 * The result is finite, whatever the scores.
 * @throws NomalyError TOO_FEW_ROWS without scores, NOT_FINITE when one is NaN.
 */
export function fitThreshold(trainingScores: Float64Array, spec: ThresholdSpec): number {
  const isPercentile = spec.method === "contamination" || spec.method === "percentile";
  if (!isPercentile || trainingScores.length === 0) return thresholdOfSorted(sortedScores(trainingScores), spec);
  refuseNan(trainingScores);
  const percent = spec.method === "contamination" ? 100 * (1 - spec.contamination) : spec.percentile;
  return finite(percentileOf(trainingScores, percent));
}

/** A sorted copy, which {@link thresholdOfSorted} and the ranker share. @throws NomalyError NOT_FINITE when one is NaN. */
export function sortedScores(scores: Float64Array): Float64Array {
  refuseNan(scores);
  return scores.slice().sort();
}

function refuseNan(scores: Float64Array): void {
  let nanCount = 0;
  for (let at = 0; at < scores.length; at++) if (scores[at] !== scores[at]) nanCount++;
  if (nanCount === 0) return;
  const at = scores.findIndex(Number.isNaN);
  const message = `score ${at} is NaN; scores must be numbers`;
  throw new NomalyError("NOT_FINITE", message, { field: `scores[${at}]`, received: "NaN" });
}

/** {@link fitThreshold} for scores that are sorted already, ascending and without NaN. */
export function thresholdOfSorted(sorted: Float64Array, spec: ThresholdSpec): number {
  if (spec.method === "fixed") return spec.value;
  if (sorted.length === 0) {
    throw new NomalyError("TOO_FEW_ROWS", `threshold ${spec.method} needs at least 1 training score, got 0`, { received: "0" });
  }
  return finite(unboundedThreshold(sorted, spec));
}

function finite(threshold: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, threshold));
}

function unboundedThreshold(sorted: Float64Array, spec: Exclude<ThresholdSpec, { method: "fixed" }>): number {
  switch (spec.method) {
    case "contamination":
      return percentileOfSorted(sorted, 100 * (1 - spec.contamination));
    case "percentile":
      return percentileOfSorted(sorted, spec.percentile);
    case "iqr":
      return above(percentileOfSorted(sorted, 75), spec.factor, percentileOfSorted(sorted, 75) - percentileOfSorted(sorted, 25));
    case "mad": {
      const median = percentileOfSorted(sorted, 50);
      const deviations = sorted.map((score) => (score === median ? 0 : Math.abs(score - median))).sort();
      return above(median, spec.factor, percentileOfSorted(deviations, 50) / madConsistency);
    }
    case "extreme-value":
      return extremeValueThreshold(sorted, spec.level, spec.risk);
  }
}

/** `start + factor * spread` where infinite scores may have made the spread infinite or undefined. */
function above(start: number, factor: number, spread: number): number {
  return factor === 0 || !(spread > 0) ? start : start + factor * spread;
}
