import { describe, expect, it } from "vitest";
import { codeShape, isNumberLike, numberFinding, otherShape } from "./number-shapes.ts";

const finding = (shapes: Record<string, number>, settings: { decimal?: "." | ","; delimiter?: string } = {}) =>
  numberFinding(new Map(Object.entries(shapes)), { delimiter: ";", ...settings });
const numbers = (decimal: string, thousands: string | null, unit = "") => ({
  kind: "numbers",
  writing: { kind: "number", decimal, thousands, unit },
});

describe("the shapes of a column", () => {
  it.each([
    [{ "9,9": 5, "99,99": 2 }, numbers(",", null)],
    [{ "9.999,99": 5, "999": 2 }, numbers(",", ".")],
    [{ "9,999.99": 5, "9": 2 }, numbers(".", ",")],
    [{ "9 999,99": 5 }, numbers(",", " ")],
    [{ "9'999.99": 5 }, numbers(".", "'")],
    [{ "9,999,999": 1, "9,999": 8 }, numbers(".", ",")],
    [{ "0,999": 1, "9,999": 8 }, numbers(",", null)],
    [{ "9999,999": 1, "9,999": 8 }, numbers(",", null)],
    [{ "$9,999.99": 3, "-$9": 1, "($9.99)": 1, "9.99": 1 }, numbers(".", ",", "$")],
    [{ "9 \u20ac": 3, "9,99 \u20ac": 1 }, numbers(",", null, "\u20ac")],
    [{ "99%": 3, "9.9 %": 3, "0": 1 }, numbers(".", null, "%")],
    [{ "9 kg": 3, "99 kg": 3 }, numbers(".", null, "kg")],
    [{ "9,9E-99": 3, "9,9": 3 }, numbers(",", null)],
    [{ "99.99-": 3, "99.99": 3 }, numbers(".", null)],
  ])("%j are numbers", (shapes, expected) => expect(finding(shapes as Record<string, number>)).toEqual(expected));

  it("with one meaning only are settled, with two they are not, unless an option settles them", () => {
    expect(finding({ "9,999": 9 })).toEqual({ kind: "two meanings", shape: "9,999", mark: "," });
    expect(finding({ "9,999": 9 }, { decimal: "," })).toEqual(numbers(",", null));
    expect(finding({ "9,999": 9 }, { decimal: "." })).toEqual(numbers(".", ","));
    expect(finding({ "$9.999": 9 })).toEqual({ kind: "two meanings", shape: "$9.999", mark: "." });
  });

  it.each([
    ["versions", { [codeShape]: 5, "9.9": 5 }],
    ["lists", { "9,9": 50, [codeShape]: 1 }],
    ["texts", { [otherShape]: 2, "9%": 8 }],
    ["telephone numbers", { "+99 999 999": 5 }],
    ["numbers of firms", { "999 999 999": 5 }],
    ["numbers in parentheses", { "(9)": 5 }],
    ["house numbers", { "99": 85, "99A": 8, [otherShape]: 7 }],
    ["plain numbers with a mistake", { "9.9": 95, [otherShape]: 5 }],
  ])("%s stay what they are", (_, shapes) => expect(finding(shapes)).toEqual({ kind: "no numbers" }));

  it("name mistakes among numbers at nine tenths of numbers, not below", () => {
    expect(finding({ "$9.99": 90, [otherShape]: 10 })).toEqual({ kind: "mistakes", shapes: [otherShape], usual: "$9.99" });
    expect(finding({ "$9.99": 89, [otherShape]: 11 })).toEqual({ kind: "no numbers" });
    expect(finding({ "9.99": 50, "9,9": 50 })).toMatchObject({ kind: "mistakes" });
  });

  it("are lists from one hundredth of lists on, below that a list is a mistake", () => {
    expect(finding({ "9,9": 99, [codeShape]: 1 })).toEqual({ kind: "no numbers" });
    expect(finding({ "9,9": 199, [codeShape]: 1 })).toEqual({ kind: "mistakes", shapes: [codeShape], usual: "9,9" });
  });

  it("of several units are no numbers", () => {
    expect(finding({ $9: 9, "\u20ac9": 1 })).toEqual({ kind: "several units", shapes: ["$9", "\u20ac9"] });
    expect(finding({ "9 kg": 9, "999 g": 1 })).toMatchObject({ kind: "several units" });
    // The first one is the commoner.
    expect(finding({ $9: 1, "9%": 4 })).toEqual({ kind: "several units", shapes: ["9%", "$9"] });
    expect(finding({ "9%": 9, "0.99": 1 })).toEqual({ kind: "several units", shapes: ["9%", "0.99"] });
  });

  it("may be lists in a file that is cut at commas", () => {
    expect(finding({ "9,9": 9 }, { delimiter: "," })).toEqual({ kind: "perhaps lists", shape: "9,9" });
    expect(finding({ "9,9": 9 }, { delimiter: ",", decimal: "," })).toEqual(numbers(",", null));
  });
});

it.each(["$1,000.50", "-$3", "($3.00)", "1\u00a0234,5", "1\u2019234.50", "5 \u20ac", "33%", "1.5E-05", "\u22123"])(
  "%j looks like a number",
  (text) => expect(isNumberLike(text)).toBe(true),
);
it.each(["", "a", "12 Main St", "A4", "3/15/2024", "555-1234", "12:30", "x%", "9".repeat(49)])("%j does not", (text) =>
  expect(isNumberLike(text)).toBe(false),
);
