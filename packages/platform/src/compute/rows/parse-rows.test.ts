import { detect } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { rowsGiven } from "./parse-rows.ts";
import { asRowsInput } from "./rows-given.ts";

const limits = { rowCountMax: 5, columnCountMax: 3, valueCountMax: 12 };

describe("rows of a request", () => {
  it.each([
    [
      "arrays",
      [
        [1, 2],
        [2, 1],
        [3, null],
        [9, 9],
      ],
      undefined,
    ],
    [
      "arrays with names",
      [
        [1, 2],
        [2, 1],
        [3, 4],
        [9, 9],
      ],
      ["a", "b"],
    ],
    ["objects", [{ a: 1, b: 2 }, { b: 1, a: 2 }, { a: 3 }, { a: 9, b: 9 }], undefined],
    ["columns by name", { a: [1, 2, 3, 9], b: [2, 1, null, 9] }, undefined],
    [
      "objects with texts",
      [
        { a: 1, b: "x" },
        { a: 2, b: "y" },
        { a: 3, b: "x" },
        { a: 9, b: "x" },
      ],
      undefined,
    ],
    ["columns of texts", { a: [1, 2, 3, 9], rowCount: ["x", "y", "x", "x"], columns: ["u", "u", "v", "v"] }, undefined],
    ["a column called __proto__", JSON.parse('[{"__proto__":1,"b":2},{"__proto__":2,"b":1},{"__proto__":5,"b":5}]'), undefined],
  ])("given as %s score as the library scores them", async (_, data, names) => {
    const given = rowsGiven(data, names);
    const options = { detector: "robust-z", missing: "median" } as const;
    const whole = Array.isArray(data) && names !== undefined ? data.map((row: number[]) => ({ a: row[0], b: row[1] })) : data;
    // As objects, the rows cannot be mistaken for a table of the library's own.
    const plain =
      "rowCount" in (whole as object)
        ? [0, 1, 2, 3].map((row) =>
            Object.fromEntries(Object.entries(whole as Record<string, unknown[]>).map(([n, c]) => [n, c[row]])),
          )
        : whole;
    const expected = await detect(plain as object[], options);
    const { scores, model } = await detect(asRowsInput(given.rows), options);
    expect(scores).toEqual(expected.scores);
    expect(model.save()).toEqual(expected.model.save());
    expect([given.rowCount, given.columnCount]).toEqual([expected.scores.length, expected.model.columns.length]);
  });

  it.each<[string, unknown, unknown, string, string]>([
    ["nothing", undefined, undefined, "REQUEST", "data"],
    ["a number", 3, undefined, "REQUEST", "data"],
    ["no rows", [], undefined, "REQUEST", "data"],
    ["rows that are numbers", [1, 2], undefined, "REQUEST", "data[0]"],
    ["too many rows", [[1], [1], [1], [1], [1], [1]], undefined, "TOO_LARGE", "data"],
    ["too many columns", [[1, 2, 3, 4]], undefined, "TOO_LARGE", "data"],
    [
      "too many values",
      [
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
      ],
      undefined,
      "TOO_LARGE",
      "data",
    ],
    ["objects with too many names together", [{ a: 1 }, { b: 1 }, { c: 1 }, { d: 1 }], undefined, "TOO_LARGE", "data"],
    ["empty arrays", [[], []], undefined, "SHAPE", "data"],
    ["empty objects", [{}, {}], undefined, "SHAPE", "data"],
    ["a shorter row", [[1, 2], [1]], undefined, "SHAPE", "data[1]"],
    ["a row of another kind", [[1, 2], { a: 1 }], undefined, "SHAPE", "data[1]"],
    ["an array among objects", [{ a: 1 }, [1]], undefined, "SHAPE", "data[1]"],
    [
      "texts without names",
      [
        [1, 2],
        [1, "x"],
      ],
      undefined,
      "COLUMN",
      "data[1][1]",
    ],
    ["too few names", [[1, 2]], ["a"], "SHAPE", "columns"],
    ["names that are none", [[1, 2]], [1, 2], "REQUEST", "columns"],
    ["a name for two columns of numbers", [[1, 2]], ["a", "a"], "COLUMN", "columns"],
    ["a name for two columns", [[1, "x"]], ["a", "a"], "COLUMN", "columns"],
    ["an object as a cell", [{ a: 1, b: { toString: 1 } }], undefined, "COLUMN", "data[0].b"],
    ["an array as a cell", [["x", [1]]], ["a", "b"], "COLUMN", "data[0][1]"],
    ["columns of different lengths", { a: [1, 2], b: [1] }, undefined, "SHAPE", "data.b"],
    ["a column that is no array", { values: [1, 2], columnCount: 2 }, undefined, "REQUEST", "data.columnCount"],
    ["an array in a column", { a: ["x", [1]] }, undefined, "COLUMN", "data.a[1]"],
  ])("%s is refused with the field at fault", (_, data, names, code, field) => {
    expect(() => rowsGiven(data, names, limits)).toThrow(expect.objectContaining({ code, field }));
  });
});
