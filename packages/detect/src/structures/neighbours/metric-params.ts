/** The parameters by which a detector lets its user choose the metric: PyOD's names and defaults. */

import { metrics } from "./neighbour-index.ts";

/** Largest power of minkowski; from there on it is chebyshev to all digits that count. */
export const powerMax = 1000;

export const metricParams = {
  metric: {
    kind: "choice",
    default: "minkowski",
    choices: metrics,
    summary: "How distance is measured: minkowski with power p (2 is euclidean), euclidean, manhattan, or chebyshev.",
  },
  p: {
    kind: "number",
    default: 2,
    min: 1,
    max: powerMax,
    summary: "Power of the minkowski metric: 1 is manhattan, 2 is euclidean.",
  },
} as const;
