import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDuckDb } from "./database.ts";
import { openSource } from "./source.ts";
import { createTemporaryFiles } from "../local/temporary.ts";
import { inspectSource } from "./inspect-source.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "nomaly-profile-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
async function columnsOf(path: string) {
  const temporary = createTemporaryFiles(folder);
  const source = await openSource(path, { name: "the file", threadCount: 1, temporary, stdin: process.stdin, signal });
  const { profile } = await inspectSource(source).finally(() => source.close());
  temporary.removeAll();
  return profile.columns;
}

function csv(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

// Python: len(set(values)), statistics.quantiles(values, n=4, method="inclusive").
it("counts and divides the columns of a small table exactly", async () => {
  const columns = await columnsOf(resolve(import.meta.dirname, "../../../../../fixtures/cars.csv"));
  const found = Object.fromEntries(columns.map(({ name, distinct_count, quartiles }) => [name, { distinct_count, quartiles }]));
  expect(found).toMatchObject({
    displacement: { distinct_count: 81, quartiles: [105, 151, 275.75] },
    miles_per_gallon: { distinct_count: 127, quartiles: [17, 22.75, 29] },
    origin: { distinct_count: 3, quartiles: null },
  });
});

it("takes what is missing, not a number, a time, or named oddly", async () => {
  const lines = [
    '"a ""b""",time,date,text,odd,none',
    "1,10:00:00,2024-01-01,x,nan,",
    ",11:30:00,2024-01-02,,inf,",
    "3,10:00:00,,y,2,",
  ];
  const columns = await columnsOf(csv("odd.csv", lines));
  const [quoted, time, date, text, odd, none] = columns;
  expect(quoted).toMatchObject({ name: 'a "b"', missing_share: 1 / 3, distinct_count: 2, quartiles: [1.5, 2, 2.5] });
  expect(time).toMatchObject({ missing_share: 0, distinct_count: 2 });
  expect(date).toMatchObject({ missing_share: 1 / 3, distinct_count: 2, quartiles: null });
  expect(text).toMatchObject({ missing_share: 1 / 3, distinct_count: 2, quartiles: null });
  // "nan" is a word for missing.
  expect(odd).toMatchObject({ missing_share: 1 / 3, distinct_count: 2, quartiles: null });
  expect(none).toMatchObject({ missing_share: 1, distinct_count: 0, quartiles: null });
  expect(JSON.parse(JSON.stringify(columns))).toEqual(columns);
});

it("takes infinity and what is not a number", async () => {
  const path = join(folder, "edges.parquet");
  const database = await openDuckDb({ threadCount: 1, temporaryFolder: folder, signal });
  const values = "(VALUES ('nan'::DOUBLE), (1::DOUBLE), ('inf'::DOUBLE), (NULL), ('-inf'::DOUBLE)) AS given(x)";
  await database.run(`COPY (SELECT * FROM ${values}) TO '${path}' (FORMAT parquet)`);
  database.close();
  const columns = await columnsOf(path);
  expect(columns[0]).toMatchObject({ missing_share: 0.8, distinct_count: 1, min: "1.0", quartiles: [1, 1, 1] });
});

it("takes values whose squares overflow", async () => {
  const columns = await columnsOf(csv("huge.csv", ["a,b", "1e200,1", "-1e200,2", "3,3", "5,4"]));
  expect(columns[0]).toMatchObject({ distinct_count: 2, quartiles: [3.5, 4, 4.5] });
  expect(columns[1]).toMatchObject({ distinct_count: 4, mean: 2.5 });
});

it("estimates those of a large one", async () => {
  const lines = Array.from({ length: 250_001 }, (_, row) => (row === 0 ? "a,b,c,d,e" : `${row % 7},1,2,3,4`));
  const [column] = await columnsOf(csv("large.csv", lines));
  expect(column).toMatchObject({ missing_share: 0, min: "0.0", max: "6.0" });
  expect(column.quartiles?.every((quartile) => quartile >= 0 && quartile <= 6)).toBe(true);
});
