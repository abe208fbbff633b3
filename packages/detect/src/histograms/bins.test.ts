import { describe, expect, test } from "vitest";
import { bestBinCount, equalCountEdges, equalWidthEdges, sortedCounts } from "./bins.ts";

const sortedOf = (value: (i: number) => number) => Float64Array.from({ length: 200 }, (_, i) => value(i)).sort();
const even = sortedOf((i) => ((i * 37) % 101) / 101);
const skewed = sortedOf((i) => (((i * 37) % 101) / 101) ** 4);
const fewValues = sortedOf((i) => i % 5);
const twoHeaps = sortedOf((i) => ((i * 37) % 101) / 101 + (i % 2 === 0 ? 0 : 3));

describe("bins of equal width", () => {
  test("have the edges and counts of numpy.histogram", () => {
    expect([...equalWidthEdges(-1.3, 4.1, 7)]).toEqual([
      -1.3, -0.5285714285714287, 0.24285714285714266, 1.014285714285714, 1.7857142857142854, 2.557142857142857,
      3.3285714285714283, 4.1,
    ]);
    expect([...sortedCounts(fewValues, equalWidthEdges(0, 4, 10))]).toEqual([40, 0, 40, 0, 0, 40, 0, 40, 0, 40]);
  });

  test("stand around a single value", () => {
    expect([...equalWidthEdges(3, 3, 2)]).toEqual([2.5, 3, 3.5]);
  });

  test("become fewer where float64 has no room, and never overflow", () => {
    expect([...equalWidthEdges(1, 1 + 2 ** -51, 10)]).toEqual([1, 1 + 2 ** -52, 1 + 2 ** -51]);
    expect([...equalWidthEdges(-1.6e308, 1.6e308, 2)]).toEqual([-1.6e308, 0, 1.6e308]);
    expect([...equalWidthEdges(0, 5e-324, 10)]).toEqual([0, 5e-324]);
    expect(equalWidthEdges(1e300, 1e300, 10).every(Number.isFinite)).toBe(true);
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
    const counts = [even, skewed, fewValues, twoHeaps].map((sorted) => bestBinCount(sorted, "pyod"));
    expect(counts).toEqual([1, 4, 2, 4]);
  });

  // Computed with numpy.histogram for 1 to 14 bins, from the equation.
  test("is that of the largest penalised likelihood by the rule of Birgé and Rozenholc", () => {
    const counts = [even, skewed, fewValues, twoHeaps].map((sorted) => bestBinCount(sorted, "birge-rozenholc"));
    expect(counts).toEqual([1, 14, 14, 4]);
  });

  test("is one for a constant column and for two rows", () => {
    expect(bestBinCount(Float64Array.of(2, 2, 2, 2, 2, 2, 2, 2, 2), "birge-rozenholc")).toBe(1);
    expect(bestBinCount(Float64Array.of(1, 2), "pyod")).toBe(1);
  });
});
