import { describe, expect, it } from "vitest";
import { fitParetoTail } from "./extreme-value.ts";
import { percentileOf, percentileOfSorted } from "./percentile.ts";

const infinity = Number.POSITIVE_INFINITY;

/** Sorting and selecting must give the same percentile; these values are sorted. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values);
  const other = percentileOf(sorted.toReversed(), percent);
  expect(other).toBe(percentileOfSorted(sorted, percent));
  return other;
}

describe("a percentile", () => {
  it("is the least value at 0, the largest at 100, and the value itself where one lies just there", () => {
    expect([0, 25, 50, 100].map((percent) => percentile([1, 2, 4, 8, 16], percent))).toEqual([1, 2, 4, 16]);
  });

  it("lies between its neighbours by its distance from both", () => {
    expect([10, 30, 90].map((percent) => percentile([0, 10, 20], percent))).toEqual([2, 6, 18]);
  });

  it("is a finite value that lies just there although the next one is infinite", () => {
    expect(percentile([0, 1, infinity], 50)).toBe(1);
    expect(percentile([-infinity, 1, 2], 50)).toBe(1);
  });

  it("is infinite between a finite value and infinity, and below everything between both infinities", () => {
    expect(percentile([0, 1, infinity], 75)).toBe(infinity);
    expect(percentile([-infinity, 1, 2], 25)).toBe(-infinity);
    expect(percentile([-infinity, infinity], 50)).toBe(-infinity);
  });

  it("lies between values whose difference is no number any more", () => {
    expect(percentile([-1.5e308, 1.5e308], 50)).toBe(0);
    expect(percentile([-1.5e308, 1.5e308], 75)).toBe(0.75e308);
    expect(percentile([-1.5e308, 1.5e308], 25)).toBe(-0.75e308);
  });
});

describe("the tail of huge scores", () => {
  it("is exponential with the largest scale there is where the mean is no number any more", () => {
    expect(fitParetoTail(new Float64Array(20).fill(1e308))).toEqual({ shape: 0, scale: Number.MAX_VALUE });
  });
});
