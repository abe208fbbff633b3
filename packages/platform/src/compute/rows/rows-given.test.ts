import { fit } from "@nomaly/detect";
import { describe, expect, it } from "vitest";
import { rowsGiven } from "./parse-rows.ts";
import { asRowsInput, chosenRows, columnsOf, type RowsGiven } from "./rows-given.ts";

/** The same three rows in each form. */
const table: RowsGiven["rows"] = {
  kind: "table",
  table: {
    rowCount: 3,
    columns: [
      { kind: "number", name: "a", values: Float64Array.of(1, Number.NaN, 3) },
      { kind: "text", name: "b", values: ["x", "y", null] },
    ],
  },
};
const records = [{ a: 1, b: "x" }, { b: "y" }, { a: 3, b: null }];
const forms: readonly (readonly [string, RowsGiven])[] = [
  ["records", rowsGiven(records, undefined)],
  ["columns", rowsGiven({ a: [1, null, 3], b: ["x", "y", null] }, undefined)],
  [
    "columns", // From arrays with names.
    rowsGiven(
      [
        [1, "x"],
        [null, "y"],
        [3, null],
      ],
      ["a", "b"],
    ),
  ],
  ["table", { kind: "rows", rows: table, rowCount: 3, columnCount: 2, sizeBytes: 0 }],
];

function cellsOf({ rows, rowCount }: RowsGiven): Record<string, unknown[]> {
  const columns = columnsOf(rows);
  return Object.fromEntries(columns.map(({ name, cellAt }) => [name, Array.from({ length: rowCount }, (_, row) => cellAt(row))]));
}

describe("rows of a request", () => {
  it.each(forms)("as %s have the same columns, and the same rows where some are chosen", (kind, given) => {
    expect(given.rows.kind).toBe(kind);
    expect(cellsOf(given)).toEqual({ a: [1, null, 3], b: ["x", "y", null] });
    const chosen = chosenRows(given, [2, 0]);
    expect([chosen.rows.kind, chosen.rowCount, chosen.columnCount]).toEqual([kind, 2, 2]);
    expect(cellsOf(chosen)).toEqual({ a: [3, 1], b: [null, "x"] });
  });

  it("as plain numbers have columns by position where they have no names", () => {
    const given = rowsGiven(
      [
        [1, 2],
        [null, 4],
        [5, 6],
      ],
      undefined,
    );
    expect(cellsOf(given)).toEqual({ column_0: [1, null, 5], column_1: [2, 4, 6] });
    expect(cellsOf(chosenRows(given, [2, 0]))).toEqual({ column_0: [5, 1], column_1: [6, 2] });
    expect(asRowsInput(given.rows)).toBe(given.rows);
  });

  it("in a table of Arrow or a file have flags and dates as JSON would have them", () => {
    const columns = [
      { kind: "boolean", name: "sold", values: Float64Array.of(0, 1, Number.NaN) },
      { kind: "date", name: "at", values: Float64Array.of(0, Number.NaN, 86_400_000) },
    ] as const;
    const [sold, at] = columnsOf({ kind: "table", table: { rowCount: 3, columns } });
    expect([0, 1, 2].map(sold.cellAt)).toEqual([false, true, null]);
    expect([0, 1, 2].map(at.cellAt)).toEqual(["1970-01-01T00:00:00.000Z", null, "1970-01-02T00:00:00.000Z"]);
  });

  it("whose columns are called like parts of a table are read as columns, chosen or not", async () => {
    const given = rowsGiven({ rowCount: ["x", "y", "x"], columns: ["u", "v", "u"] }, undefined);
    for (const rows of [given, chosenRows(given, [0, 1, 2])]) {
      const { columns } = await fit(asRowsInput(rows.rows), { detector: "robust-z" });
      expect(columns.map(({ name }) => name)).toEqual(["rowCount", "columns"]);
    }
  });
});
