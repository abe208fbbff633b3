import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { alignedLines, clipped, widthFor } from "./columns.ts";

/**
 * Names with the places that they take. Of single letters: the property East_Asian_Width of the Unicode Character Database (Wide and
 * Fullwidth are 2, all others 1) and General_Category (Mn is 0). Of emoji: Unicode Standard Annex 11 asks for 2 for a whole sequence.
 */
const names: readonly (readonly [string, number])[] = [
  ["Zürich", 6], // 00FC;N
  ["東京", 4], // 6771;W 4EAC;W
  ["서울", 4], // C11C;W C6B8;W
  ["とうきょう", 10], // 3068;W 3046;W 304D;W 3087;W
  ["ｶﾅ", 2], // FF76;H FF85;H
  ["ＡＢ", 4], // FF21;F FF22;F
  ["Zu\u0308rich", 6], // 0308 is Mn
  ["Пермь", 5], // 041F;A 0435;A: ambiguous letters are narrow outside East Asian fonts
  ["ok 👍", 5], // 1F44D;W
  ["👩‍🔬", 2], // 1F469;W 200D 1F52C;W: one sequence
  ["🇯🇵", 2], // two regional indicators: one flag
];

describe("columns of a table", () => {
  it("line up whatever letters their texts have", async () => {
    const table = [["name", "score"], ...names.map(([name]) => [name, "1"])];
    const lines = alignedLines(table, [0], await widthFor(table.flat()));
    // The widest name takes 10 places, two stand between the columns, and the score stands to the right of five.
    const expected = names.map(([name, places]) => `${name}${" ".repeat(10 - places)}  ${" ".repeat(4)}1`);
    expect(lines).toEqual(["name        score", ...expected]);
  });

  it("stand to the right, but those that are said to stand to the left; the last is not filled up", async () => {
    const table = [
      ["a", "b", "c"],
      ["long", "10", "words"],
    ];
    expect(alignedLines(table, [0, 2], (text) => text.length)).toEqual(["a      b  c", "long  10  words"]);
    expect(alignedLines(table, [], (text) => text.length)).toEqual(["   a   b      c", "long  10  words"]);
    expect(alignedLines([], [], (text) => text.length)).toEqual([]);
  });

  it("cut a long text between two letters, and never take more places than they have", async () => {
    const widthOf = await widthFor(["東京"]);
    expect(["東京都庁", "東京都", "abcdefg", "👩‍🔬👩‍🔬👩‍🔬"].map((text) => clipped(text, 6, widthOf))).toEqual([
      "東京…",
      "東京都",
      "abcde…",
      "👩‍🔬👩‍🔬👩‍🔬",
    ]);
    expect(clipped("👩‍🔬👩‍🔬👩‍🔬👩‍🔬", 6, widthOf)).toBe("👩‍🔬👩‍🔬…");
  });

  it("need no library where every letter takes one place", async () => {
    const widthOf = await widthFor(["horsepower", "Zürich …", "Škoda"]);
    expect(widthOf).not.toBe(stringWidth);
    expect(["horsepower", "Zürich …", "Škoda"].map(widthOf)).toEqual([10, 8, 5]);
    for (const text of ["soft\u00adhyphen", "e\u0301", "東", "👍"]) expect(await widthFor(["plain", text])).toBe(stringWidth);
  });
});
