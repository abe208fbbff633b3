import { expect, it } from "vitest";
import { roundUp } from "./round-up.ts";

it.each([
  [1, 1],
  [1.01, 2],
  [4.9, 5],
  [5.1, 10],
  [11, 20],
  [0.03, 0.05],
  [1000, 1000],
])("rounds %d up to %d", (value, expected) => {
  expect(roundUp(value)).toBe(expected);
});
