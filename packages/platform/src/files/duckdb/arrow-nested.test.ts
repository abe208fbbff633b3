import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { Field, Float64, List, makeData, RecordBatch, Table, tableToIPC } from "apache-arrow";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTemporaryFiles } from "../local/temporary.ts";
import { openSource } from "./source.ts";

const fixtures = resolve(import.meta.dirname, "../../../../../fixtures");
const { signal } = new AbortController();

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-nested-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a query answers about the rows of the file, which it names ROWS. */
async function asked(path: string, query: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const temporary = createTemporaryFiles(folder);
  try {
    const source = await openSource(path, { threadCount: 1, temporary, stdin: Readable.from([]), signal });
    try {
      return await source.database.rows(query.replace("ROWS", source.relation.sql));
    } finally {
      source.close();
    }
  } finally {
    temporary.removeAll();
  }
}

/** A file with a column x of lists: row i has `lengths[i]` numbers, which count on from row to row. */
function fileOfLists(lengths: readonly number[]): string {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [row, length] of lengths.entries()) offsets[row + 1] = offsets[row] + length;
  const numbers = Float64Array.from({ length: offsets[lengths.length] }, (_, index) => index);
  const child = makeData({ type: new Float64(), data: numbers });
  const lists = makeData({
    type: new List(new Field("item", new Float64())),
    length: lengths.length,
    valueOffsets: offsets,
    child,
  });
  const path = join(folder, "lists.arrow");
  writeFileSync(path, tableToIPC(new Table(new RecordBatch({ x: lists })), "file"));
  return path;
}

it("the values of nested columns are those that the writer was given", async () => {
  const texts = ["list", "large_list", "fixed_list", "struct", "structs", "map"].map(
    (_, index) => `CAST(c${20 + index} AS VARCHAR)`,
  );
  const rows = await asked(join(fixtures, "written/pyarrow-lz4.feather"), `SELECT [${texts.join(", ")}] AS nested FROM ROWS`);
  // From the script that made the file, in DuckDB's notation.
  expect(String(rows[2]["nested"])).toBe(
    String([
      "[2, 2]",
      "[a, NULL, a, NULL]",
      "[2, 2]",
      "{'x': 2, 'y': t}",
      "[{'x': 2, 'y': NULL}]",
      "[{'key': k, 'value': 2}, {'key': k, 'value': NULL}]",
    ]),
  );
});

it("rows with long lists are copied in small portions, in their order", async () => {
  const path = fileOfLists(Array.from({ length: 3000 }, (_, row) => row % 101));
  const [found] = await asked(
    path,
    "SELECT count(*) AS rows, list(n) = range(len(list(n))) AS ordered FROM (SELECT unnest(c0) AS n FROM ROWS)",
  );
  expect(found).toMatchObject({ rows: "148935", ordered: true });
});

it("a row may hold a million values in lists, and not one more", async () => {
  expect(await asked(fileOfLists([3, 1_000_000]), "SELECT len(c0) AS size FROM ROWS")).toMatchObject([
    { size: "3" },
    { size: "1000000" },
  ]);
  await expect(asked(fileOfLists([3, 1_000_001]), "FROM ROWS")).rejects.toMatchObject({
    code: "TOO_LARGE",
    field: "x",
    message: expect.stringMatching(/lists\.arrow: row 2 of column "x" holds more than 1000000 values/) as unknown,
  });
});

it("a column of a type that is not read is named, with what helps", async () => {
  await expect(asked(join(fixtures, "arrow/others-file.arrow"), "FROM ROWS")).rejects.toMatchObject({
    code: "FILE_FORMAT",
    field: "list_view",
    message: expect.stringMatching(
      /column "list_view" has the Arrow type ListView.*, which is not read; write the file without it/,
    ) as unknown,
  });
});
