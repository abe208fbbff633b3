import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeArrow } from "./arrow-write.ts";
import { type Database, openDuckDb } from "../database.ts";

let folder: string;
let database: Database;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nomaly-arrow-"));
  database = await openDuckDb({ threadCount: 1, temporaryFolder: folder, signal: new AbortController().signal });
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

async function written(select: string, names: readonly string[]) {
  const path = join(folder, "rows.arrow");
  await writeArrow(database, { select, names }, path);
  const bytes = readFileSync(path);
  return { bytes, table: tableFromIPC(bytes) };
}

/** More rows than a batch has, and not a multiple of eight. */
const rowCount = 70_001;
const columns: readonly (readonly [string, (row: number) => unknown])[] = [
  ["CASE WHEN i % 7 = 0 THEN NULL ELSE i END", (row) => (row % 7 === 0 ? null : BigInt(row))],
  ["CASE WHEN i % 5 = 0 THEN NULL ELSE i / 4 END", (row) => (row % 5 === 0 ? null : row / 4)],
  ["CASE WHEN i % 3 = 0 THEN NULL ELSE i % 2 = 0 END", (row) => (row % 3 === 0 ? null : row % 2 === 0)],
  // Twelve bytes stand in DuckDB's description of a text, thirteen elsewhere.
  ["repeat('é', CAST(i % 8 AS INTEGER))", (row) => "é".repeat(row % 8)],
  [
    "CASE WHEN i % 4 = 0 THEN NULL ELSE 'row ' || (100000000 + i) END",
    (row) => (row % 4 === 0 ? null : `row ${100_000_000 + row}`),
  ],
  ["DATE '2024-02-28' + CAST(i % 3 AS INTEGER)", (row) => Date.UTC(2024, 1, 28 + (row % 3))],
  ["TIMESTAMP '2024-01-01' + to_milliseconds(i)", (row) => Date.UTC(2024, 0, 1) + row],
  ["18446744073709551615::UBIGINT - i::UBIGINT", (row) => 18_446_744_073_709_551_615n - BigInt(row)],
];

describe("an Arrow file", () => {
  it("holds every value and every missing one, over several batches", async () => {
    const selects = columns.map(([sql], index) => `${sql} AS c${index}`).join(", ");
    const names = columns.map((_, index) => `c${index}`);
    const { table } = await written(`SELECT ${selects} FROM range(${rowCount}) t(i)`, names);
    expect([table.numRows, table.batches.length]).toEqual([rowCount, 2]);
    for (const [index, [sql, expected]] of columns.entries()) {
      const values = [...(table.getChildAt(index) ?? [])];
      const wrong = values.findIndex((value, row) => !Object.is(value, expected(row)));
      expect([sql, wrong, values[wrong]]).toEqual([sql, -1, undefined]);
    }
  });

  it("has no bytes of memory where a value is missing", async () => {
    const select = "SELECT CASE WHEN i % 2 = 0 THEN 7777 + i END AS n FROM range(2000) t(i)";
    const { table } = await written(select, ["n"]);
    const [{ values }] = (table.getChildAt(0) ?? { data: [] }).data as unknown as readonly [{ readonly values: BigInt64Array }];
    expect([...values].filter((_, row) => row % 2 === 1).every((value) => value === 0n)).toBe(true);
  });

  it("writes long texts in batches of some 16 MiB", async () => {
    const { table } = await written("SELECT repeat('x', 10000) AS t FROM range(10000) t(i)", ["t"]);
    expect(table.numRows).toBe(10_000);
    expect(table.batches.length).toBeGreaterThan(3);
  });

  it("is a file also without rows", async () => {
    const { bytes, table } = await written("SELECT 1 AS a WHERE false", ["a"]);
    expect([table.numRows, table.schema.fields.map(({ name }) => name)]).toEqual([0, ["a"]]);
    expect(bytes.subarray(0, 6).toString()).toBe("ARROW1");
  });
});
