/** Numbers and dates as people write them, as texts of JSON, Parquet and Arrow: the same rows as numbers give the same scores. */

import { readFileSync } from "node:fs";
import { load } from "@nomaly/detect";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const rowCount = 90;
const price = (row: number) => 1000 + ((row * 37) % 53) + 0.25 + (row === 30 ? 9000 : 0);
const share = (row: number) => 5 + ((row * 29) % 61);
const day = (row: number) => new Date(Date.UTC(2024, 0, 1 + ((row * 11) % 366)));
const twoDigits = (value: number) => String(value).padStart(2, "0");
const iso = (date: Date) => date.toISOString().slice(0, 10);
const english = (date: Date) => `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
const german = (date: Date) =>
  `${twoDigits(date.getUTCDate())}.${twoDigits(date.getUTCMonth() + 1)}.${String(date.getUTCFullYear())}`;

const rows = Array.from({ length: rowCount }, (_, row) => row);
const texts = rows.map((row) => ({
  price: `$${price(row).toLocaleString("en-US", { minimumFractionDigits: 2 })}`,
  share: row % 9 === 0 ? null : `${share(row)}%`,
  day: english(day(row)),
}));
const plain = rows.map((row) => `${price(row)},${row % 9 === 0 ? "" : share(row)},${iso(day(row))}`);

interface Detected {
  readonly threshold: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  readonly skipped_columns: readonly { readonly name: string }[];
  readonly top: readonly object[];
  readonly notes: readonly string[];
}

async function detect(...words: string[]): Promise<Detected> {
  const { code, stdout, stderr } = await runInProcess(["detect", ...words, "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Detected;
}

const lines = (given: readonly object[]) => given.map((row) => JSON.stringify(row)).join("\n");
let expected: Detected;
let files: Readonly<Record<string, string>>;
beforeAll(async () => {
  expected = await detect(folder.write("plain.csv", `price,share,day\n${plain.join("\n")}\n`));
  const ndjson = folder.write("texts.ndjson", lines(texts));
  files = {
    json: folder.write("texts.json", JSON.stringify(texts)),
    ndjson,
    parquet: folder.file("texts.parquet"),
    arrow: folder.file("texts.arrow"),
  };
  await detect(ndjson, "-o", files["parquet"]);
  await detect(ndjson, "-o", files["arrow"]);
});

describe("rows whose numbers and dates are texts have the scores of the same rows as numbers", () => {
  it.each(["json", "ndjson", "parquet", "arrow"])("in %s", async (format) => {
    const found = await detect(files[format]);
    expect(found.columns).toEqual([
      { name: "price", kind: "number" },
      { name: "share", kind: "number" },
      { name: "day", kind: "date" },
    ]);
    expect([found.threshold, found.top]).toEqual([expected.threshold, expected.top]);
    const note = 'read as people write numbers and dates: price ("$10,0';
    expect(found.notes).toContainEqual(expect.stringContaining(note));
  });
});

it("an output keeps the texts", () => {
  const table = tableFromIPC(readFileSync(files["arrow"]));
  expect(rows.map((row) => table.get(row)?.toJSON())).toMatchObject(texts);
});

it("a model reads them as it learned: more rows as texts, and numbers alike", async () => {
  const model = folder.file("texts.nomaly");
  expect((await runInProcess(["fit", files["parquet"], "-m", model])).code).toBe(0);
  const { columns } = load(readFileSync(model));
  expect(columns.map(({ writing }) => writing)).toEqual([
    { kind: "number", decimal: ".", thousands: ",", unit: "$" },
    { kind: "number", decimal: ".", thousands: null, unit: "%" },
    { kind: "date", order: "mdy" },
  ]);
  const scored = async (path: string) => JSON.parse((await runInProcess(["score", path, "-m", model, "--json"])).stdout);
  // These few do not tell how they are written.
  const few = texts.filter((_, row) => [12, 23, 34].includes(row)).map((row) => ({ ...row, price: "$1,023", day: "3/4/2024" }));
  const { top } = await scored(folder.write("few.json", JSON.stringify(few)));
  const numbers = few.map((row) => ({ price: 1023, share: Number(row.share?.slice(0, -1)), day: "2024-03-04" }));
  expect(top).toHaveLength(3);
  expect((await scored(folder.write("numbers.json", JSON.stringify(numbers)))).top).toEqual(top);
  const other = folder.write("other.json", JSON.stringify([few[0], { ...few[1], share: "61 kg" }]));
  const { code, stderr } = await runInProcess(["score", other, "-m", model]);
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^nomaly: COLUMN: .*"share".*"61 kg".*row 2/)]);
});

describe("a column that does not tell how it is written", () => {
  it("stays text with a note, and is read as an option says", async () => {
    const open = rows.map((row) => ({ amount: `1,${100 + (row % 20)}`, day: `0${1 + (row % 9)}.05.2024`, speed: row % 13 }));
    const path = folder.write("open.ndjson", lines(open));
    const found = await detect(path);
    expect(found.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["amount", "text"],
      ["day", "text"],
      ["speed", "number"],
    ]);
    expect(found.notes).toEqual([
      'column amount stays text: "1,100" leaves open how its numbers or dates are written',
      'column day stays text: "01.05.2024" leaves open how its numbers or dates are written',
    ]);
    const told = await detect(path, "--thousands", ",", "--date-order", "dmy");
    expect(told.columns.map(({ kind }) => kind)).toEqual(["number", "date", "number"]);
  });

  it("or holds codes, lists or words stays text", async () => {
    const codes = rows.map((row) => ({
      code: `00${row % 7}`,
      list: `${row % 5},${row % 3}`,
      word: "ab"[row % 2],
      speed: row % 13,
    }));
    const found = await detect(folder.write("codes.ndjson", lines(codes)));
    expect(found.columns.map(({ kind }) => kind)).toEqual(["text", "text", "text", "number"]);
  });

  it("or is declared a category stays text", async () => {
    const found = await detect(files["ndjson"], "--categorical", "share");
    expect(found.columns.find(({ name }) => name === "share")).toEqual({ name: "share", kind: "text" });
  });
});

it("dates with the day first are read so where one day above 12 tells it", async () => {
  const path = folder.write("german.json", JSON.stringify(rows.map((row) => ({ day: german(day(row)), speed: row % 13 }))));
  const { columns, notes } = await detect(path);
  expect(columns[0]).toEqual({ name: "day", kind: "date" });
  expect(notes).toEqual([expect.stringMatching(/day \("(\d\d)\.(\d\d)\.(\d{4})" is \3-\2-\1\)/)]);
});
