import { expect, it } from "vitest";
import { topIndexes } from "./top-indexes.ts";

it("gives the highest scores first, equals in the order of the rows, and all rows where fewer are there", () => {
  const scores = Float64Array.of(1, 3, 2, 3, 2, 2);
  expect(topIndexes(scores, 4)).toEqual([1, 3, 2, 4]);
  expect(topIndexes(scores, 100)).toEqual([1, 3, 2, 4, 5, 0]);
  expect(topIndexes(Float64Array.of(2, 2, 2), 2)).toEqual([0, 1]);
});
