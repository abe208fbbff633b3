import { expect, it } from "vitest";
import { storedNotes, tableNotes } from "./table-notes.ts";

it("rounded and unused columns are named behind the notes of the reader", () => {
  const columns = [
    { name: "id", kind: "number", type: "BIGINT" },
    { name: "sizes", kind: undefined, type: "BIGINT[]" },
  ] as const;
  expect(
    tableNotes({
      columns,
      roundedColumns: new Set(["id"]),
      infiniteValues: new Map([["size", { count: 2, rowIndex: 4 }]]),
      notes: ["read so"],
    }),
  ).toEqual([
    "read so",
    "column id holds whole numbers beyond 2^53: they are compared at the precision of a float64",
    "column size: 2 infinite numbers, the first in row 5, count as missing",
    "column sizes of type BIGINT[] is kept, but not used",
  ]);
  expect(tableNotes({ columns: columns.slice(0, 1), roundedColumns: new Set(), infiniteValues: new Map() })).toEqual([]);
});

it("notes to store are a hundred of 2000 letters, without what PostgreSQL refuses", () => {
  expect(storedNotes(["a\0b", `${"x".repeat(1999)}\u{1F600}`])).toEqual(["ab", `${"x".repeat(1999)}\ufffd`]);
  expect(storedNotes(Array.from({ length: 101 }, (_, index) => String(index)))).toHaveLength(100);
});
