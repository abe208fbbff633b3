import { describe, expect, it } from "vitest";
import { createRandom } from "../random.ts";
import { percentileOf, percentileOfSorted } from "./percentile.ts";
import { selectPair } from "./select.ts";

describe("selection", () => {
  const random = createRandom(4);
  it.each([
    ["random", Float64Array.from({ length: 5000 }, () => random.normal())],
    ["ties", Float64Array.from({ length: 5000 }, () => random.integer(7))],
    ["constant", new Float64Array(5000).fill(3)],
    ["ascending", Float64Array.from({ length: 5000 }, (_, i) => i)],
    ["organ pipe", Float64Array.from({ length: 5001 }, (_, i) => Math.min(i, 5000 - i))],
    ["infinities", Float64Array.from({ length: 500 }, (_, i) => [Infinity, -Infinity, 1][i % 3])],
  ])("gives the order statistics that sorting gives: %s", (_, values) => {
    const sorted = values.slice().sort();
    for (let index = 0; index < values.length; index += 1 + Math.floor(values.length / 97)) {
      const { low, high } = selectPair(values.slice(), index);
      expect([low, high]).toEqual([sorted[index], sorted[Math.min(index + 1, values.length - 1)]]);
    }
    for (const percent of [0, 10, 50, 90, 99.97, 100])
      expect(percentileOf(values, percent)).toBe(percentileOfSorted(sorted, percent));
  });
});
