/** Quantiles of scores, by linear interpolation between order statistics. */

import type { ScoreQuantiles } from "../work.ts";

/** @param scores not empty; left unchanged. */
export function scoreQuantiles(scores: Float64Array): ScoreQuantiles {
  const sorted = scores.slice().sort();
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  };
  return { min: at(0), p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max: at(1) };
}
