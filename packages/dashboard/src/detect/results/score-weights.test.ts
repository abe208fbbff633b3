import { describe, expect, it } from "vitest";
import { countAbove, scoreWeights, weightedHistogram } from "./score-weights.ts";

describe("all rows are here", () => {
  const all = scoreWeights([9, 5, 5, 2, 1], [], 5);

  it("counts are exact at every threshold, and a score that equals it is not above", () => {
    const counts = [0, 1, 4.9, 5, 8, 9].map((threshold) => countAbove(all, threshold));
    expect(counts.map(({ count }) => count)).toEqual([5, 4, 3, 1, 1, 0]);
    expect(counts.every(({ isExact }) => isExact)).toBe(true);
  });

  it("a histogram counts each row once", () => {
    const { counts, anomalyCounts, beyondCount, edges } = weightedHistogram(all, 4, 4);
    expect(edges).toEqual([1, 3, 5, 7, 9]);
    expect(counts).toEqual([2, 0, 2, 1]);
    expect(anomalyCounts).toEqual([0, 0, 2, 1]);
    expect(beyondCount).toBe(0);
  });
});

describe("of 1000 rows 10 of the highest scores and 99 others are here", () => {
  const top = Array.from({ length: 10 }, (_, index) => 2 - index / 10);
  const rest = Array.from({ length: 99 }, (_, index) => 0.99 - index / 100);
  const some = scoreWeights(top, rest, 1000);

  it("counts within the highest are exact, those below estimated, each other score for ten rows", () => {
    expect(countAbove(some, 1.55)).toEqual({ count: 5, isExact: true });
    expect(countAbove(some, 1.1)).toEqual({ count: 9, isExact: true });
    expect(countAbove(some, 0.895)).toEqual({ count: 10 + 10 * 10, isExact: false });
    expect(countAbove(some, -1)).toEqual({ count: 1000, isExact: false });
  });

  it("a histogram has all rows, and those beyond its last edge in the last bin", () => {
    const { counts, beyondCount } = weightedHistogram(some, 10, 1);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(beyondCount).toBeLessThanOrEqual(10);
  });
});

it("few extreme rows do not stretch the histogram, though the page has more of them than of the others", () => {
  const top = [100, 99, 98, 97, 96, 95, 94, 93, 92, 91];
  const rest = Array.from({ length: 50 }, (_, index) => 1 - index / 50);
  const { edges, beyondCount, counts } = weightedHistogram(scoreWeights(top, rest, 100_010), 4, 50);
  expect(edges[4]).toBeCloseTo(1.245, 1);
  expect(beyondCount).toBe(10);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100_010);
});

it("where all scores are equal, all rows have them", () => {
  const equal = scoreWeights([1, 1], [], 500);
  expect(countAbove(equal, 0.5).count).toBe(500);
  expect(countAbove(equal, 1)).toEqual({ count: 0, isExact: true });
  expect(weightedHistogram(equal, 3, 0.5).counts).toEqual([500, 0, 0]);
});
