import { expect, it } from "vitest";
import { caselessNames, distinctNames, mayBeNumbered, ownNames } from "./column-names.ts";

it.each([
  [
    ["a", "A_1"],
    ["a", "A"],
    ["a", "A"],
  ],
  [
    ["a", "A_1", "A_1_1"],
    ["a", "A", "A_1"],
    ["a", "A", "A_1"],
  ],
  [
    ["a", "A_1", "a_2"],
    ["a", "A", "a"],
    ["a", "A", "a_2"],
  ],
  [
    ["a", "a_1", "a_1_1"],
    ["a", "a", "a_1"],
    ["a", "a_1", "a_1_1"],
  ],
  [
    ["a", "a_1"],
    ["a", "a_1"],
    ["a", "a_1"],
  ],
  [
    ["a", "b"],
    ["x", "y"],
    ["a", "b"],
  ],
  [["a", "A_1"], ["a"], ["a", "A_1"]],
])("of %j, which the file calls %j, the names are %j", (aliases, given, expected) => {
  expect(ownNames(aliases, given)).toEqual(expected);
});

it("looks at the file only where a number may have been added", () => {
  expect(
    [
      ["a", "A_1"],
      ["a", "a_1"],
      ["A_1", "b"],
      ["a", "b_1"],
      ["x_1", "x_2"],
    ].map(mayBeNumbered),
  ).toEqual([true, true, false, false, false]);
});

it("makes names differ in more than case, or at all, and changes no others", () => {
  expect(caselessNames(["a", "A", "b", "A_1", "a"])).toEqual(["a", "A_1", "b", "A_1_1", "a_2"]);
  expect(distinctNames(["a", "A", "b", "a", "a_1"])).toEqual(["a", "A", "b", "a_1", "a_1_1"]);
});
