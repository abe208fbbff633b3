import { describe, expect, it } from "vitest";
import { bootstrapInterval, differencesTable } from "./pages/accuracy-tables.ts";

describe("the tables of docs/accuracy.md", () => {
  // scipy.stats.bootstrap(([...],), np.mean, method="percentile", n_resamples=200000), scipy's generator 1: 0.01125 to 0.045
  it("have intervals near those of scipy's percentile bootstrap", () => {
    const { low, high } = bootstrapInterval([0.05, 0.01, 0.03, -0.01, 0.06, 0.04, 0.0, 0.05]);
    expect(Math.abs(low - 0.01125)).toBeLessThan(0.0026);
    expect(Math.abs(high - 0.045)).toBeLessThan(0.0026);
  });

  it("name the worst set beside the median of the single detectors", () => {
    const figure = (detectorId: string, ...values: number[]) => ({
      detectorId,
      rocAucs: new Map(values.map((value, index) => [`set ${index}`, value])),
    });
    const lines = differencesTable([
      figure("auto", 0.9, 0.6),
      figure("isolation-forest", 0.8, 0.7),
      figure("knn", 0.6, 0.9),
      figure("lof", 0.5, 0.5),
    ]);
    // The medians of the three are 0.6 and 0.7; the mean difference is (0.1 - 0.1) / 2.
    expect(lines[2]).toBe("| auto | 2 | 0.7500 | +0.000 (-0.100 to +0.100) | set 1 -0.100 |");
    expect(lines[3]).toBe("| isolation-forest | 2 | 0.7500 |  | set 1 +0.000 |");
  });
});
