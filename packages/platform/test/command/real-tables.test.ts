import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { differences, type DescribedTable, type ToldTable } from "../../test-support/real-tables/compare-tables.ts";
import { runInProcess } from "../../test-support/run-cli.ts";

const folder = resolve(import.meta.dirname, "../../../../fixtures/tables");
const { tables } = JSON.parse(readFileSync(join(folder, "tables.json"), "utf8")) as { readonly tables: readonly ToldTable[] };

describe("a real table", () => {
  it.each(tables)("$file is read as pandas reads it", async (told) => {
    const { code, stdout, stderr } = await runInProcess(["describe", join(folder, told.file), "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(differences(told, JSON.parse(stdout) as DescribedTable)).toEqual([]);
  });
});

describe("the comparison of tables", () => {
  const told = tables[0];
  const [text, , number] = told.columns;
  const right = {
    row_count: told.row_count,
    columns: told.columns.map((column) => ({
      ...column,
      type: "",
      distinct_count: column.distinct_count ?? 0,
      min: String(column.min),
      max: String(column.max),
      mean: column.mean ?? null,
      quartiles: [0, column.median ?? 0, 0] as const,
      is_estimated: false,
    })),
  };
  const withColumn = (index: number, change: object) => ({
    ...right,
    columns: right.columns.map((column, at) => (at === index ? { ...column, ...change } : column)),
  });

  it("finds nothing where both say the same", () => expect(differences(told, right)).toEqual([]));

  it.each([
    ["a row too many", { ...right, row_count: told.row_count + 1 }],
    ["another name", withColumn(0, { name: "kind" })],
    ["another kind", withColumn(0, { kind: "number" })],
    ["other missing values", withColumn(2, { missing_count: 3 })],
    ["another text", withColumn(0, { distinct_count: (text.distinct_count ?? 0) + 1 })],
    ["another mean", withColumn(2, { mean: Number(number.mean) * (1 + 1e-7) })],
    ["another median", withColumn(2, { quartiles: [0, Number(number.median) + 0.1, 0] })],
    ["a greater maximum", withColumn(2, { max: String(Number(number.max) + 1) })],
  ])("finds %s", (_, described) => expect(differences(told, described)).toHaveLength(1));
});
