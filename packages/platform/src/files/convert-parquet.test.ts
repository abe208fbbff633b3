import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { convertParquet } from "./convert-parquet.ts";
import { openDuckDb, sqlPath } from "./duckdb/database.ts";

const folder = mkdtempSync(join(tmpdir(), "nomaly-convert-test-"));
const { signal } = new AbortController();
const fromPath = join(folder, "scored.parquet");
const rowCount = 800_000;
/** One row in this many is anomalous. */
const usualCount = 1000;

beforeAll(async () => {
  const database = await openDuckDb({ threadCount: 1, memoryMib: 256, temporaryFolder: folder, signal });
  const columns =
    `i AS id, md5(i::VARCHAR) || md5((i * 3)::VARCHAR) || md5((i * 5)::VARCHAR) AS text, ` +
    `(i * 7919) % 1009 / 1009 AS anomaly_score, i % ${usualCount} = 0 AS is_anomaly, 0.5 AS rank`;
  await database.run(`COPY (SELECT ${columns} FROM range(${rowCount}) AS rows(i)) TO ${sqlPath(fromPath)} (FORMAT parquet)`);
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function linesOf(onlyAnomalies: boolean, byScore: boolean): Promise<readonly string[]> {
  const toPath = join(folder, "chosen.csv");
  const memory = { threadCount: 1, memoryMib: 96, temporaryFolder: join(folder, "temporary") };
  const selection = { onlyAnomalies, byScore };
  await convertParquet({
    fromPath,
    toPath,
    format: "csv",
    isSpreadsheetSafe: false,
    hasDecimalCommas: false,
    selection,
    ...memory,
    signal,
  });
  return readFileSync(toPath, "utf8").trimEnd().split("\n").slice(1);
}

it("a large result is refused where sorting takes more memory than there is, and its anomalies are sorted in the same memory", async () => {
  await expect(linesOf(false, true)).rejects.toMatchObject({
    code: "TOO_LARGE",
    field: "sort",
    message:
      "the result takes more memory to sort than a worker has: sort only the anomalies, leave out sort, or raise memory_limit_bytes",
  });
  expect(await linesOf(false, false)).toHaveLength(rowCount);
  const sorted = await linesOf(true, true);
  const ids = Array.from({ length: rowCount / usualCount }, (_, index) => index * usualCount);
  const expected = ids.toSorted((one, other) => ((other * 7919) % 1009) - ((one * 7919) % 1009));
  expect(sorted.map((line) => Number(line.split(",")[0]))).toEqual(expected);
});
