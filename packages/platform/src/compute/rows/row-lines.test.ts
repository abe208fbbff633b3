import { expect, it } from "vitest";
import { rowsGiven } from "./parse-rows.ts";
import { rowLines } from "./row-lines.ts";

it.each<[string, unknown, readonly string[] | undefined, readonly string[]]>([
  ["objects, each with the names that it came with", [{ a: 1 }, { b: 2, a: null }], undefined, ['{"a":1}', '{"b":2,"a":null}']],
  ["arrays with names", [[1, null]], ["x", "y"], ['{"x":1,"y":null}']],
  ["arrays without names", [[1, 2]], undefined, ['{"column_0":1,"column_1":2}']],
  ["arrays of texts", [["u", true]], ["x", "y"], ['{"x":"u","y":true}']],
  ["columns by name", { a: [1, 2], b: ["u", null] }, undefined, ['{"a":1,"b":"u"}', '{"a":2,"b":null}']],
])("rows given as %s are kept as one object a line", (_, data, names, lines) => {
  expect([...rowLines(rowsGiven(data, names, undefined, true))]).toEqual(lines.map((line) => `${line}\n`));
});

it("a number beyond float64 is refused with its column and row", () => {
  const rows = rowsGiven(JSON.parse("[[1],[1e400]]"), ["x"], undefined, true);
  expect(() => [...rowLines(rows)]).toThrow(expect.objectContaining({ code: "NOT_FINITE", field: "x", rowIndex: 1 }));
});
