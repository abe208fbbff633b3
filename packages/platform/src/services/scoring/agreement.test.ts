import { averageRanks } from "@nomaly/detect";
import { expect, it } from "vitest";
import { agreement } from "./agreement.ts";

it("ranks equal scores by the mean of their places", () => {
  expect([...averageRanks(Float64Array.of(5, 1, 5, 3))]).toEqual([3.5, 1, 3.5, 2]);
});

// By hand: the ranks are 1 2.5 2.5 4 5 and 2 1 3.5 3.5 5, their products about the mean sum to 7.25, their squares to 9.5 each.
it("gives Spearman's correlation and the share of the top that both have", () => {
  const scores = new Map([
    ["a", Float64Array.of(1, 2, 2, 4, 5)],
    ["b", Float64Array.of(2, 1, 4, 4, 5)],
    ["same", new Float64Array(5)],
  ]);
  const { topCount, pairs } = agreement(scores);
  expect(topCount).toBe(1);
  expect(pairs[0].rankCorrelation).toBeCloseTo(7.25 / 9.5, 12);
  expect(pairs[0].topOverlap).toBe(1);
  expect(pairs[1]).toMatchObject({ first: "a", second: "same", rankCorrelation: null, topOverlap: 0 });
});
