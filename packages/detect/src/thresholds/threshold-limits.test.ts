import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import { fitThreshold, thresholdOfSorted } from "./threshold.ts";
import { parseThreshold, type ThresholdSpec } from "./threshold-spec.ts";

describe("a parameter of a threshold", () => {
  // As documented: the least and the largest allowed value, and values just beyond.
  it.each([
    ["contamination", "contamination", [1e-9, 0.5], [0, 0.500001]],
    ["percentile", "percentile", [0, 100], [-1e-9, 100.001]],
    ["iqr", "factor", [0, 1e6], [-1e-9, 1e6 + 0.5]],
    ["mad", "factor", [0, 1e6], [-1e-9, 1e6 + 0.5]],
    ["extreme-value", "level", [0.5, 0.999999], [0.499999, 1]],
    ["extreme-value", "risk", [1e-12, 0.5], [0, 0.500001]],
    ["fixed", "value", [-Number.MAX_VALUE, Number.MAX_VALUE], [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]],
  ])("is taken up to its limits and refused beyond: %s %s", (method, name, taken, refused) => {
    for (const value of taken) expect(parseThreshold({ method, [name]: value })).toMatchObject({ method, [name]: value });
    for (const value of refused) expectCode("PARAM", () => parseThreshold({ method, [name]: value }));
  });

  // As documented.
  it.each([
    ["contamination", { contamination: 0.1 }],
    ["percentile", { percentile: 95 }],
    ["iqr", { factor: 1.5 }],
    ["mad", { factor: 3.5 }],
    ["extreme-value", { level: 0.98, risk: 0.001 }],
  ])("has its default when it is not given: %s", (method, defaults) => {
    expect(parseThreshold({ method })).toEqual({ method, ...defaults });
  });
});

describe("a threshold of scores that are sorted already", () => {
  // By hand: of 0, 1, ..., 10 the percentile p is p / 10; the quartiles are 2.5 and 7.5, the median 5, the deviations' median 3.
  const sorted = Float64Array.from({ length: 11 }, (_, score) => score);
  it.each<[number, ThresholdSpec]>([
    [9, { method: "contamination", contamination: 0.1 }],
    [6.5, { method: "contamination", contamination: 0.35 }],
    [7, { method: "percentile", percentile: 70 }],
    [15, { method: "iqr", factor: 1.5 }],
    [5 + (3.5 * 3) / 0.6745, { method: "mad", factor: 3.5 }],
    [-3, { method: "fixed", value: -3 }],
  ])("is %d for %j, as of scores in any order", (expected, spec) => {
    expect(thresholdOfSorted(sorted, spec)).toBeCloseTo(expected, 12);
    expect(fitThreshold(sorted.toReversed(), spec)).toBeCloseTo(expected, 12);
  });
});
