import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { Column } from "@nomaly/detect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arrowRows } from "../../compute/worker/arrow-rows.ts";
import { unpackArrowBody } from "../arrow/arrow-unpack.ts";
import { createTemporaryFiles } from "../local/temporary.ts";
import { openSource } from "./source.ts";

type Cells = readonly (number | string | null)[];

/** What the writers were given. */
interface Written {
  /** Null for a column that no detector uses. */
  readonly columns: Readonly<Record<string, Cells | null>>;
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly dictionaries: Readonly<Record<string, Cells>>;
}

const fixtures = resolve(import.meta.dirname, "../../../../../fixtures/written");
const written = JSON.parse(readFileSync(join(fixtures, "values.json"), "utf8")) as Written;
const { signal } = new AbortController();

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-written-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Read {
  /** By column; null for one that no detector uses. */
  readonly cells: Record<string, Cells | null>;
  readonly types: Readonly<Record<string, string>>;
}

const cellsOf = ({ values }: Column): Cells =>
  Array.from<number | string | null>(values).map((value) => (Number.isNaN(value) ? null : value));

async function read(name: string): Promise<Read> {
  const temporary = createTemporaryFiles(folder);
  const source = await openSource(join(fixtures, name), { threadCount: 1, temporary, stdin: Readable.from([]), signal });
  try {
    const cells: Record<string, Cells | null> = {};
    for (const { name: column, kind } of source.columns) cells[column] = kind === undefined ? null : [];
    for await (const { columns } of source.batches()) {
      for (const column of columns) cells[column.name] = [...(cells[column.name] ?? []), ...cellsOf(column)];
    }
    return { cells, types: Object.fromEntries(source.columns.map((column) => [column.name, column.type])) };
  } finally {
    source.close();
    temporary.removeAll();
  }
}

describe("the values that the writer was given are read", () => {
  it.each(Object.entries(written.files))("from %s", async (name, columns) => {
    const { cells } = await read(name);
    expect(Object.keys(cells)).toEqual(columns);
    for (const column of columns) expect([column, cells[column]]).toEqual([column, written.columns[column]]);
  });

  it.each(Object.entries(written.dictionaries))("from the dictionaries of %s", async (name, words) => {
    expect((await read(name)).cells).toEqual({ word: words });
  });

  const bodies = Object.entries(written.files).filter(
    ([name, columns]) => !name.endsWith("parquet") && columns.every((column) => written.columns[column] !== null),
  );
  it.each(bodies)("from a body of %s", async (name, columns) => {
    const bytes = await unpackArrowBody(readFileSync(join(fixtures, name)), 1e6, signal);
    const given = arrowRows(bytes, { rowCountMax: 100, columnCountMax: 100, valueCountMax: 1e6 });
    const table = given.rows.kind === "table" ? given.rows.table : undefined;
    expect(table?.columns.map((column) => [column.name, cellsOf(column)])).toEqual(
      columns.map((column) => [column, written.columns[column]]),
    );
  });
});

it("lists, structs and maps keep their types and are used by no detector", async () => {
  const { types } = await read("pyarrow-lz4.feather");
  expect(types).toMatchObject({
    list: "BIGINT[]",
    large_list: "VARCHAR[]",
    fixed_list: "BIGINT[]",
    struct: "STRUCT(x BIGINT, y VARCHAR)",
    structs: "STRUCT(x BIGINT, y VARCHAR)[]",
    map: 'STRUCT("key" VARCHAR, "value" BIGINT)[]',
    bytes: "BLOB",
  });
});
