import { expect, it } from "vitest";
import { countBelow, countUpTo } from "./sorted-counts.ts";

const sorted = Float64Array.of(-Infinity, -2, -2, 0, 0, 0, 1.5, 7, 7, Infinity);
const values = [-Infinity, -3, -2, -0, 0, 0.5, 1.5, 6.9, 7, 8, Infinity];

it("numbers below a value, and up to it, are counted as by looking at each", () => {
  for (const value of values) {
    expect([value, countBelow(sorted, value)]).toEqual([value, sorted.filter((one) => one < value).length]);
    expect([value, countUpTo(sorted, value)]).toEqual([value, sorted.filter((one) => one <= value).length]);
  }
  expect([countBelow(new Float64Array(0), 1), countUpTo(new Float64Array(0), 1)]).toEqual([0, 0]);
});

it("within bounds that are known the counts are the same", () => {
  expect([countBelow(sorted, 0, 2, 5), countBelow(sorted, 1.5, 6, 6), countUpTo(sorted, 0, 4)]).toEqual([3, 6, 6]);
  // What lies beyond the bounds is not looked at.
  expect([countBelow(sorted, 7, 0, 4), countUpTo(sorted, -2, 6)]).toEqual([4, 6]);
});
