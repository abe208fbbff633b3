import { describe, expect, test } from "vitest";
import { bestBinCount, equalCountEdges, equalWidthEdges, sortedCounts } from "./bins.ts";
import { atOnce } from "../../threads/pieces.ts";

const sortedOf = (value: (i: number) => number) => Float64Array.from({ length: 200 }, (_, i) => value(i)).sort();
const even = sortedOf((i) => ((i * 37) % 101) / 101);
const skewed = sortedOf((i) => (((i * 37) % 101) / 101) ** 4);
const fewValues = sortedOf((i) => i % 5);
const twoHeaps = sortedOf((i) => ((i * 37) % 101) / 101 + (i % 2 === 0 ? 0 : 3));

describe("bins of equal width", () => {
  test("have the edges and counts of numpy.histogram by PyOD's rule", () => {
    expect([...equalWidthEdges(-1.3, 4.1, 7, "pyod")]).toEqual([
      -1.3, -0.5285714285714287, 0.24285714285714266, 1.014285714285714, 1.7857142857142854, 2.557142857142857,
      3.3285714285714283, 4.1,
    ]);
    expect([...sortedCounts(fewValues, equalWidthEdges(0, 4, 10, "pyod"))]).toEqual([40, 0, 40, 0, 0, 40, 0, 40, 0, 40]);
  });

  test("have edges on the grid of the values, so that a tenth more is a bin more", () => {
    const tenths = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
    expect([...equalWidthEdges(0, 1, 10, "birge-rozenholc")]).toEqual(tenths);
    expect(equalWidthEdges(0, 1, 10, "pyod")[6]).toBe(0.6000000000000001);
  });

  test.each(["pyod", "birge-rozenholc"] as const)("stand around a single value by the rule %s", (rule) => {
    expect([...equalWidthEdges(3, 3, 2, rule)]).toEqual([2.5, 3, 3.5]);
  });

  test.each(["pyod", "birge-rozenholc"] as const)("become fewer where float64 has no room, and never overflow, by %s", (rule) => {
    expect([...equalWidthEdges(1, 1 + 2 ** -51, 10, rule)]).toEqual([1, 1 + 2 ** -52, 1 + 2 ** -51]);
    expect([...equalWidthEdges(-1.6e308, 1.6e308, 2, rule)]).toEqual([-1.6e308, 0, 1.6e308]);
    expect([...equalWidthEdges(0, 5e-324, 10, rule)]).toEqual([0, 5e-324]);
    expect(equalWidthEdges(1e300, 1e300, 10, rule).every(Number.isFinite)).toBe(true);
  });
});

describe("bins of equal counts", () => {
  test("part the rows evenly, halfway between values", () => {
    expect([...equalCountEdges(Float64Array.of(1, 2, 3, 5, 8, 13), 3)]).toEqual([1, 2.5, 6.5, 13]);
  });

  test("never part equal values, and give a frequent value a bin of its own", () => {
    const sorted = Float64Array.of(-5, 0, 0, 0, 0, 0, 0, 0, 1, 2);
    const edges = equalCountEdges(sorted, 5);
    expect([...edges]).toEqual([-5, -2.5, 0.5, 2]);
    expect([...sortedCounts(sorted, edges)]).toEqual([1, 7, 2]);
  });

  test("rise strictly between neighbouring numbers of float64", () => {
    const sorted = Float64Array.of(1, 1, 1 + Number.EPSILON, 1 + Number.EPSILON);
    expect([...equalCountEdges(sorted, 2)]).toEqual([1, 1 + Number.EPSILON]);
  });
});

describe("the number of bins", () => {
  // PyOD 3.6.5: pyod.utils.utility.get_optimal_n_bins of the same 200 numbers.
  test("is PyOD's by PyOD's rule", () => {
    const counts = [even, skewed, fewValues, twoHeaps].map((sorted) => atOnce(bestBinCount(sorted, "pyod")));
    expect(counts).toEqual([1, 4, 2, 4]);
  });

  // Computed with numpy.histogram for 1 to 14 bins, from the equation.
  test("is that of the largest penalised likelihood by the rule of Birgé and Rozenholc", () => {
    const counts = [even, skewed, fewValues, twoHeaps].map((sorted) => atOnce(bestBinCount(sorted, "birge-rozenholc")));
    expect(counts).toEqual([1, 14, 14, 4]);
  });

  test("is one for a constant column and for two rows", () => {
    expect(atOnce(bestBinCount(Float64Array.of(2, 2, 2, 2, 2, 2, 2, 2, 2), "birge-rozenholc"))).toBe(1);
    expect(atOnce(bestBinCount(Float64Array.of(1, 2), "pyod"))).toBe(1);
  });
});
