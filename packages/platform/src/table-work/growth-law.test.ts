import { detectorById } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { growthLaw } from "./growth-law.ts";

/**
 * Seconds of one processor (AMD EPYC, Node 24) that fits with default parameters took: of fewer rows, then of more, of the same normal (n),
 * clustered (c, with copies) or heavy-tailed (h) data.
 */
const measured: readonly (readonly [
  detector: string,
  data: string,
  columnCount: number,
  few: number,
  s: number,
  many: number,
  s: number,
])[] = [
  ["lof", "n", 2, 16_000, 0.04, 100_000, 0.351],
  ["lof", "h", 4, 16_000, 0.058, 100_000, 0.452],
  ["lof", "n", 8, 16_000, 0.327, 100_000, 2.8],
  ["lof", "c", 8, 16_000, 0.101, 100_000, 0.82],
  ["lof", "n", 16, 16_000, 0.578, 64_000, 4.1],
  ["lof", "c", 32, 8000, 0.108, 100_000, 3.4],
  ["lof", "n", 64, 8000, 0.443, 100_000, 24.9],
  ["lof", "n", 100, 4000, 0.203, 32_000, 4.6],
  ["knn", "n", 4, 16_000, 0.032, 100_000, 0.213],
  ["knn", "h", 16, 16_000, 0.121, 100_000, 2.0],
  ["knn", "n", 16, 8000, 0.106, 64_000, 2.7],
  ["knn", "c", 64, 8000, 0.138, 64_000, 2.8],
  ["knn", "h", 100, 4000, 0.133, 32_000, 3.1],
  ["cof", "h", 4, 16_000, 0.115, 100_000, 1.1],
  ["cof", "n", 16, 8000, 0.204, 32_000, 1.6],
  ["cof", "c", 64, 8000, 0.362, 64_000, 5.1],
  ["cof", "h", 100, 4000, 0.318, 16_000, 2.0],
  ["abod", "n", 2, 16_000, 0.046, 100_000, 0.343],
  ["abod", "n", 8, 16_000, 0.293, 100_000, 2.3],
  ["abod", "n", 16, 8000, 0.149, 32_000, 1.5],
  ["abod", "c", 32, 8000, 0.131, 64_000, 4.1],
  ["abod", "c", 64, 8000, 0.252, 64_000, 9.0],
  ["abod", "n", 100, 4000, 0.201, 16_000, 2.1],
  ["mcd", "n", 2, 1000, 0.095, 100_000, 2.1],
  ["mcd", "n", 16, 1000, 0.177, 16_000, 2.0],
  ["mcd", "n", 16, 2000, 0.311, 64_000, 3.5],
  ["mcd", "c", 16, 4000, 0.616, 100_000, 3.7],
  ["mcd", "n", 100, 500, 0.28, 2000, 4.1],
  ["mcd", "n", 100, 1500, 2.9, 16_000, 18.6],
  ["extended-isolation-forest", "n", 16, 4000, 0.102, 100_000, 0.742],
  ["extended-isolation-forest", "n", 100, 4000, 0.583, 100_000, 4.4],
  ["isolation-forest", "n", 100, 4000, 0.094, 100_000, 0.699],
  ["ocsvm", "n", 2, 4000, 0.456, 32_000, 21.5],
  ["ocsvm", "h", 16, 4000, 0.52, 16_000, 7.5],
  ["ocsvm", "n", 64, 2000, 0.287, 8000, 5.9],
  ["ocsvm", "h", 100, 2000, 0.315, 8000, 10.3],
  ["ocsvm", "n", 100, 2000, 0.305, 16_000, 41.7],
  ["kde", "n", 16, 4000, 0.199, 16_000, 3.3],
  ["kde", "n", 100, 2000, 0.13, 8000, 2.1],
  ["cblof", "n", 16, 4000, 0.111, 100_000, 1.5],
  ["cblof", "n", 100, 4000, 0.585, 100_000, 11.2],
  ["cblof", "h", 100, 4000, 0.4, 100_000, 3.6],
  ["gmm", "n", 100, 16_000, 0.198, 100_000, 0.657],
  ["inne", "n", 16, 4000, 0.042, 100_000, 0.842],
];

describe("the growth of a fit's time", () => {
  it.each(measured)(
    "of %s (%s, %d columns) from %d rows at %d s to %d is within a factor of 2 of the measured %d s",
    (...row) => {
      const [detector, , columnCount, few, fewSeconds, many, manySeconds] = row;
      const law = growthLaw(detectorById(detector).traits.fitGrowth, columnCount);
      const ratio = (fewSeconds * law.fit(many)) / law.fit(few) / manySeconds;
      expect(ratio).toBeGreaterThan(1 / 2);
      expect(ratio).toBeLessThan(2);
    },
  );
});
