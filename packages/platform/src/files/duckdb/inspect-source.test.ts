import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSource } from "./source.ts";
import { createTemporaryFiles } from "../local/temporary.ts";
import { inspectSource } from "./inspect-source.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-inspect-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function inspected(path: string) {
  const temporary = createTemporaryFiles(folder);
  const { signal } = new AbortController();
  const options = { name: "wide.csv", format: "csv", threadCount: 1, temporary, stdin: process.stdin, signal } as const;
  const source = await openSource(path, options);
  try {
    return await inspectSource(source);
  } finally {
    source.close();
    temporary.removeAll();
  }
}

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
    const found = await inspected(path);
    expect([found.rowCount, found.usableCount]).toEqual([rowCount, columnCount]);
    for (const [column, { name, min, max, mean }] of found.profile.columns.entries()) {
      const last = (rowCount - 1) * columnCount + column;
      expect([name, Number(min), Number(max), mean]).toEqual([`c${column}`, column, last, (column + last) / 2]);
    }
    const counts = new Set(found.profile.columns.map(({ distinct_count: count }) => count));
    if (columnCount <= 1000) expect([...counts]).toEqual([rowCount]);
  },
);
