import { expect, it } from "vitest";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import { truthOf } from "./truth.ts";

const records = [
  { x: 1, label: 1 },
  { x: 2, label: 0 },
  { x: 3, label: 0 },
];
const named = [
  [1, "yes"],
  [2, "no"],
  [3, "no"],
];

it.each<[string, unknown, readonly string[] | undefined]>([
  ["objects", records, undefined],
  ["arrays with names", named, ["x", "label"]],
  ["columns by name", { label: [true, false, false], x: [1, 2, 3] }, undefined],
])("labels are read from a column of rows given as %s", (_, data, names) => {
  const truth = truthOf({ label_column: "label" }, rowsGiven(data, names));
  expect(truth).toEqual({ kind: "labels", labels: Uint8Array.of(1, 0, 0) });
});

it.each<[string, unknown, string]>([
  ["that is not there", records, "other"],
  ["that every object has from JavaScript", records, "toString"],
  ["of arrays that came without names", [[1], [0]], "column_0"],
])("a column %s is refused", (_, data, name) => {
  const work = () => truthOf({ label_column: name }, rowsGiven(data, undefined));
  expect(work).toThrow(expect.objectContaining({ code: "COLUMN", field: "label_column" }));
});
