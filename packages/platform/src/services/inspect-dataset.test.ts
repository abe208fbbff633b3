import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { afterAll, beforeAll, expect, it } from "vitest";
import { inspectDataset } from "./inspect-dataset.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-inspect-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;

it("reads a large Arrow file in pieces between which others have their turn", { timeout: 60_000 }, async () => {
  const rowCount = 400_000;
  const column = (factor: number) => Float64Array.from({ length: rowCount }, (_, row) => Math.sin(row * factor));
  const path = join(folder, "large.arrow");
  writeFileSync(path, tableToIPC(tableFromArrays({ a: column(1), b: column(2), c: column(3), d: column(4) }), "stream"));
  // What it loads at first is loaded by then.
  const small = join(folder, "small.arrow");
  writeFileSync(small, tableToIPC(tableFromArrays({ a: [1, 2] }), "stream"));
  await inspectDataset({ path: small, name: "small.arrow", format: "arrow" }, signal);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const found = await inspectDataset({ path, name: "large.arrow", format: "arrow" }, signal);
  const tookMs = performance.now() - start;
  delay.disable();
  expect([found.rowCount, found.usableCount]).toEqual([rowCount, 4]);
  expect(delay.max / 1e6).toBeLessThan(tookMs / 4);
});

it("refuses an Arrow file that would take too long on the server's thread, and names Parquet", async () => {
  const path = join(folder, "larger.arrow");
  writeFileSync(path, tableToIPC(tableFromArrays({ a: [1, 2] }), "stream"));
  truncateSync(path, 64 * 1024 ** 2 + 1);
  const inspected = inspectDataset({ path, name: "larger.arrow", format: "arrow" }, signal);
  await expect(inspected).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringMatching(/larger\.arrow has .* Parquet/) as unknown,
  });
});

it.each([
  [50, 1000],
  [2000, 500],
  [40, 3000],
])(
  "describes a table of %i rows and %i columns, exactly where figures are exact",
  { timeout: 60_000 },
  async (rowCount, columnCount) => {
    const path = join(folder, `${rowCount}-${columnCount}.csv`);
    const names = Array.from({ length: columnCount }, (_, column) => `c${column}`);
    const rows = Array.from({ length: rowCount }, (_, row) => names.map((_, column) => row * columnCount + column));
    writeFileSync(path, [names, ...rows].map((cells) => cells.join(",")).join("\n"));
    const found = await inspectDataset({ path, name: "wide.csv", format: "csv" }, signal);
    expect([found.rowCount, found.usableCount]).toEqual([rowCount, columnCount]);
    for (const [column, { name, min, max, mean }] of found.profile.columns.entries()) {
      const last = (rowCount - 1) * columnCount + column;
      expect([name, Number(min), Number(max), mean]).toEqual([`c${column}`, column, last, (column + last) / 2]);
    }
    const counts = new Set(found.profile.columns.map(({ distinct_count: count }) => count));
    if (columnCount <= 1000) expect([...counts]).toEqual([rowCount]);
  },
);
