import { expect, it } from "vitest";
import { namedByPlace, namesAllButFirst } from "./csv-header.ts";

it.each([
  ["names of R's row numbers and texts", ["", "Mois", "Manag"], true],
  ["blanks instead of nothing", [" ", "Mois"], true],
  ["a first name", ["Nr", "Mois", "Manag"], false],
  ["a second empty name", ["", "", "Manag"], false],
  ["a value that begins like a number", ["", "Mois", "3 cows"], false],
  ["a negative number", ["", "Mois", "-.5"], false],
  ["a repeated text", ["", "yes", "yes"], false],
  ["nothing else", [""], false],
])("a first line with %s: %j", (_, firstRecord, isHeader) => expect(namesAllButFirst(firstRecord)).toBe(isHeader));

it("calls columns without a name by their place, whatever DuckDB calls them", () => {
  const columns = [{ name: "column00" }, { name: "b" }, { name: "column02" }];
  expect(namedByPlace(columns, ["", "b", " "])).toEqual([
    { name: "column0", alias: "column00" },
    { name: "b" },
    { name: "column2", alias: "column02" },
  ]);
  expect(namedByPlace(columns).map(({ name }) => name)).toEqual(["column0", "column1", "column2"]);
});

it("leaves a name that another column of the file has", () => {
  const columns = [{ name: "column00" }, { name: "column0" }];
  expect(namedByPlace(columns, ["", "column0"])).toEqual(columns);
});
