/** How the time of fitting and of scoring grows with the number of fitted rows, so that it can be told from a smaller fit. */

import type { FitGrowth } from "@nomaly/detect";

export interface GrowthLaw {
  /** Time of a fit, in any unit: only ratios count. */
  fit(rowCount: number): number;
  /** Time of scoring a row with a model of so many rows, in any unit. */
  score(rowCount: number): number;
}

/** Measured with 16 and 100 columns. */
const clustersPower = 0.8;
/** Trees take as long to grow as so many rows to score (measured with 2 to 100 columns). */
const fixedRowCount = 12_000;

/**
 * From so many rows on, over the number of columns, comparing each row with all others takes longer than what is done once a row; in
 * many columns they are no fewer than `least` (measured).
 */
const pairs = {
  neighbours: { rowsTimesColumns: 640_000, least: 20_000 },
  "single-neighbours": { rowsTimesColumns: 400_000, least: 6000 },
} as const;

/** Up to `whole` rows FastMCD makes few starts on all rows; then the work on parts grows until there are 40, of 300 rows each. */
const parts = { whole: 500, wholeCost: 800, first: 5000, merged: 5, most: 12_000 } as const;

/**
 * Up to so many rows ocsvm's default cache holds the kernels of all pairs (200 MB of float64). Beyond, kernels are computed again and
 * again: with so many columns that takes as long as all other work (measured).
 */
const kernelCache = { rowCount: 5000, columnCount: 80 } as const;

export function growthLaw(growth: FitGrowth, columnCount: number): GrowthLaw {
  switch (growth) {
    case "linear":
      return { fit: (rowCount) => rowCount, score: () => 1 };
    case "clusters":
      return { fit: (rowCount) => rowCount ** clustersPower, score: () => 1 };
    case "fixed-and-linear":
      return { fit: (rowCount) => fixedRowCount + rowCount, score: () => 1 };
    case "parts":
      return { fit: partsCost, score: () => 1 };
    case "neighbours":
    case "single-neighbours": {
      const { rowsTimesColumns, least } = pairs[growth];
      const balance = Math.max(least, rowsTimesColumns / columnCount);
      return { fit: (rowCount) => rowCount * (balance + rowCount), score: (rowCount) => balance + rowCount };
    }
    case "support-vectors": {
      const again = columnCount / kernelCache.columnCount;
      const fit = (rowCount: number) => rowCount ** 2 + again * Math.max(0, rowCount ** 2 - kernelCache.rowCount ** 2);
      return { fit, score: (rowCount) => rowCount };
    }
    case "quadratic":
      return { fit: (rowCount) => rowCount ** 2, score: (rowCount) => rowCount };
  }
}

/** In rows of the last stage. */
function partsCost(rowCount: number): number {
  if (rowCount <= parts.whole) return (parts.wholeCost * rowCount) / parts.whole;
  return parts.first + parts.merged * Math.min(rowCount, parts.most) + rowCount;
}
