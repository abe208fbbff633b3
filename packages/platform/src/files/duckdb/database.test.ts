import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Database, openDuckDb } from "./database.ts";

const { signal } = new AbortController();
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-database-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(database: Database, select: string): Promise<number[]> {
  const values: number[] = [];
  for await (const { chunk, rowCount } of database.stream(select, 1)) {
    const vector = chunk.getColumnVector(0);
    for (let row = 0; row < rowCount; row++) values.push(Number(vector.getItem(row)));
  }
  return values;
}

describe.each([1, 4])("rows that come as they are read, with %i threads", (threadCount) => {
  let database: Database;
  beforeAll(async () => void (database = await openDuckDb({ threadCount, temporaryFolder: folder, signal })));
  afterAll(() => database.close());

  it.each([0, 1, 2047, 2048, 2049, 500_000])("are all of %i, in their order", async (rowCount) => {
    const values = await read(database, `SELECT range FROM range(${rowCount})`);
    expect(values).toHaveLength(rowCount);
    expect(values.every((value, index) => value === index)).toBe(true);
  });

  it("end with the error that stands far down, not as if that were the end", async () => {
    const path = join(folder, "far.csv");
    const lines = Array.from({ length: 150_000 }, (_, row) => `${row}`);
    writeFileSync(path, ["a", ...lines, "oops", ...lines].join("\n"));
    const select = `SELECT a FROM read_csv('${path}', auto_detect=false, header=true, delim=',', columns={'a': 'DOUBLE'})`;
    await expect(read(database, select)).rejects.toThrow(/CSV Error on Line: 150002/);
  });
});
