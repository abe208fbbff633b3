import type { Reason } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { reasonsText, shownReasons, tellingReasons } from "./reasons.ts";

function category(value: string, distinctCount: number): Reason {
  const commonest = [
    { value: "sun", share: 0.6 },
    { value: "rain", share: 0.384 },
    { value: "snow", share: 0.016 },
  ];
  const profile = { kind: "category", commonest, distinctCount, missingCount: 0 } as const;
  return { column: "weather", kind: "text", value, contribution: 1, missingShare: 0, profile };
}

function reason(column: string, value: number | null, [low, high]: [number, number], contribution = 1, missingShare = 0): Reason {
  const profile = { kind: "number", min: low - 1, low, median: (low + high) / 2, high, max: high + 1, missingCount: 0 } as const;
  return { column, kind: "number", value, contribution, missingShare, profile };
}

it("a category that is not usual has its share, or was never seen where all that were are known", () => {
  const usual = "usual sun (60 %) or rain (38 %)";
  expect(reasonsText([category("snow", 3)])).toBe(`weather snow (1.6 %), ${usual}`);
  expect(reasonsText([category("hail", 3)])).toBe(`weather hail (never seen), ${usual}`);
  expect(reasonsText([category("hail", 4)])).toBe(`weather hail, ${usual}`);
});

describe("reasons", () => {
  it("say the value and what is usual", () => {
    expect(reasonsText([reason("horsepower", 230, [75, 150])])).toBe("horsepower 230, usual 75 to 150");
  });

  it("keep values and their bounds apart when they are large", () => {
    expect(reasonsText([reason("time", 1_700_100_000, [1_700_000_000, 1_700_000_500])])).toBe(
      "time 1,700,100,000, usual 1,700,000,000 to 1,700,000,500",
    );
  });

  it("say that a value is missing where hardly any is", () => {
    expect(reasonsText([reason("age", null, [20, 60], 1, 0.008)])).toBe("age is missing, as in 0.8 % of rows");
    expect(reasonsText([reason("age", null, [20, 60], 1, 0.1999)])).toBe("age is missing, as in 20 % of rows");
    expect(reasonsText([reason("age", null, [20, 60], 1, 0.2)])).toBe("usual alone, less so with the rest: age missing");
  });

  it("say that there is a value where hardly any is", () => {
    const deposit = (value: number, share: number) => reasonsText([reason("deposit", value, [10, 300], 1, share)]);
    expect(deposit(250, 0.916)).toBe("deposit has a value (250), 91.6 % have none");
    expect(deposit(250, 0.8)).toBe("usual alone, less so with the rest: deposit 250");
    expect(deposit(5000, 0.916)).toBe("deposit has a value (5000), 91.6 % have none, the others mostly 10 to 300");
    expect(deposit(5000, 0.8)).toBe("deposit 5000, usual missing (80 %) or 10 to 300");
    expect(deposit(5000, 0.4)).toBe("deposit 5000, usual 10 to 300 or missing (40 %)");
    expect(deposit(5000, 0.1999)).toBe("deposit 5000, usual 10 to 300");
  });

  it("put values together that are usual alone", () => {
    const reasons = [reason("cylinders", 8, [4, 8]), reason("power", 230, [75, 150]), reason("economy", 26.6, [13, 37])];
    expect(reasonsText(reasons)).toBe(
      "power 230, usual 75 to 150; usual alone, less so with the rest: cylinders 8, economy 26.6",
    );
    expect(reasonsText(reasons.slice(0, 2))).toBe("power 230, usual 75 to 150; usual alone, less so with the rest: cylinders 8");
  });

  it("leave out what hardly counts", () => {
    const reasons = [
      reason("a", 1, [0, 1], 10),
      reason("b", 1, [0, 1], 2),
      reason("c", 1, [0, 1], 0.5),
      reason("d", 1, [0, 1], -3),
    ];
    expect(tellingReasons(reasons, 3).map(({ column }) => column)).toEqual(["a", "b"]);
  });
});

describe("several cells that are empty though seldom so", () => {
  const empty = (column: string, contribution: number, missingShare = 0.01) =>
    reason(column, null, [0, 1], contribution, missingShare);
  const power = (contribution: number) => reason("power", 230, [75, 150], contribution);
  const textOf = (...reasons: Reason[]) => reasonsText(shownReasons(reasons, 3));

  it("are one reason, which names three of them", () => {
    expect(textOf(empty("a", 9), empty("b", 0), empty("c", 0), power(-1))).toBe("3 of 4 cells are empty: a, b, c");
    expect(textOf(empty("a", 9), empty("b", 0), empty("c", 0), empty("d", 0), empty("e", -1), power(-2))).toBe(
      "5 of 6 cells are empty: a, b, c and 2 more",
    );
  });

  it("come first where they are most cells, else in the place of the first that tells, else last", () => {
    const size = reason("size", 9, [1, 2], 3);
    expect(textOf(power(9), empty("a", 0), empty("b", 0))).toBe("2 of 3 cells are empty: a, b; power 230, usual 75 to 150");
    expect(textOf(power(9), empty("a", 4), size, empty("b", 0))).toBe(
      "power 230, usual 75 to 150; 2 of 4 cells are empty: a, b; size 9, usual 1 to 2",
    );
    expect(textOf(power(9), size, empty("a", 0), empty("b", 0))).toBe(
      "power 230, usual 75 to 150; size 9, usual 1 to 2; 2 of 4 cells are empty: a, b",
    );
  });

  it("are told where nothing else is, and one alone is told as before", () => {
    expect(textOf(empty("a", 0), empty("b", 0))).toBe("2 of 2 cells are empty: a, b");
    expect(textOf(empty("a", 9), power(0))).toBe("a is missing, as in 1 % of rows");
  });

  it("are not counted together with those that often are empty", () => {
    expect(textOf(empty("a", 9), empty("b", 3), empty("often", 0, 0.2), power(0))).toBe(
      "2 cells are empty that seldom are: a, b",
    );
    expect(textOf(power(9), empty("often", 0, 0.2), empty("a", 0))).toBe("power 230, usual 75 to 150");
  });
});
