/** Numbers and dates as people write them: the same rows in another writing give the same model and the same scores. */

import { readFileSync } from "node:fs";
import { load } from "@nomaly/detect";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const rowCount = 120;
/** Amounts from 6 to 3,000 with two decimals, some below zero. */
const amounts = Array.from(
  { length: rowCount },
  (_, row) => Math.round((row % 7 === 0 ? -1 : 1) * (6 + ((row * 7919) % 299_400) / 1)) / 100 + (row === 40 ? 90_000 : 0),
);
const shares = Array.from({ length: rowCount }, (_, row) => 10 + ((row * 37) % 80));
const days = Array.from({ length: rowCount }, (_, row) => new Date(Date.UTC(2024, 0, 1 + ((row * 11) % 366))));

const english = (value: number) => value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** Exchanges the marks of the English form. */
const marked = (thousands: string, decimal: string) => (value: number) =>
  english(value).replaceAll(",", "T").replace(".", decimal).replaceAll("T", thousands);
const iso = (day: Date) => day.toISOString().slice(0, 10);
const twoDigits = (value: number) => String(value).padStart(2, "0");

type Cell = (row: number) => string;
const plainCells: readonly Cell[] = [(row) => amounts[row].toFixed(2), (row) => String(shares[row]), (row) => iso(days[row])];

function table(delimiter: string, cells: readonly Cell[], count = rowCount): string {
  const quoted = (text: string) => (text.includes(delimiter) ? `"${text}"` : text);
  const lines = Array.from({ length: count }, (_, row) => cells.map((cell) => quoted(cell(row))).join(delimiter));
  return `${["amount", "share", "day"].slice(0, cells.length).join(delimiter)}\n${lines.join("\n")}\n`;
}

async function detected(name: string, text: string, ...more: string[]): Promise<Detected> {
  const result = await runInProcess(["detect", folder.write(name, text), "--json", "--seed", "3", ...more]);
  expect([result.code, result.stderr]).toEqual([0, ""]);
  return JSON.parse(result.stdout) as Detected;
}

interface Detected {
  readonly threshold: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  readonly top: readonly { readonly row: number; readonly anomaly_score: number }[];
  readonly notes: readonly string[];
}

async function refused(text: string, ...more: string[]): Promise<string> {
  const result = await runInProcess(["detect", folder.write("refused.csv", text), ...more]);
  expect(result.code).not.toBe(0);
  return result.stderr.replaceAll(/\S*refused\.csv/g, "FILE").trim();
}

describe("the same rows written in another way have the same scores", async () => {
  const plain = await detected("plain.csv", table(",", plainCells));
  const day = plainCells[2];
  const dayFirst = (mark: string) => (row: number) =>
    [twoDigits(days[row].getUTCDate()), twoDigits(days[row].getUTCMonth() + 1), days[row].getUTCFullYear()].join(mark);
  const monthFirst = (row: number) => `${days[row].getUTCMonth() + 1}/${days[row].getUTCDate()}/${days[row].getUTCFullYear()}`;
  const share = plainCells[1];
  const money = (form: (value: number) => string) => (row: number) => form(amounts[row]);

  it.each<readonly [string, string, readonly Cell[]]>([
    ["decimal commas and points for thousands", ";", [money(marked(".", ",")), share, day]],
    ["decimal commas behind tabs", "\t", [money((value) => value.toFixed(2).replace(".", ",")), share, day]],
    ["commas for thousands", ",", [money(english), share, day]],
    ["blanks for thousands", ";", [money(marked(" ", ",")), share, day]],
    ["no-break blanks for thousands", ";", [money(marked("\u00a0", ",")), share, day]],
    ["narrow no-break blanks for thousands", ";", [money(marked("\u202f", ",")), share, day]],
    ["Swiss apostrophes", ";", [money(marked("'", ".")), share, day]],
    ["typographic apostrophes", ";", [money(marked("\u2019", ".")), share, day]],
    ["dollars with the sign first", ",", [money((value) => `${value < 0 ? "-" : ""}$${english(Math.abs(value))}`), share, day]],
    [
      "negative dollars in parentheses",
      ",",
      [money((value) => (value < 0 ? `($${english(-value)})` : `$${english(value)}`)), share, day],
    ],
    ["euros after a blank", ";", [money((value) => `${marked(".", ",")(value)} \u20ac`), share, day]],
    [
      "minus signs at the end",
      ";",
      [money((value) => `${marked(".", ",")(Math.abs(value))}${value < 0 ? "-" : ""}`), share, day],
    ],
    ["true minus signs", ";", [money((value) => marked(".", ",")(value).replace("-", "\u2212")), share, day]],
    ["percentages", ",", [plainCells[0], (row) => `${shares[row]}%`, day]],
    ["days first, with dots", ",", [plainCells[0], share, dayFirst(".")]],
    ["days first, with strokes", ",", [plainCells[0], share, dayFirst("/")]],
    ["months first", ",", [plainCells[0], share, monthFirst]],
    ["times of midnight", ",", [plainCells[0], share, (row) => `${monthFirst(row)} 12:00 AM`]],
  ])("%s", async (name, delimiter, cells) => {
    const found = await detected(`${name}.csv`, table(delimiter, cells));
    expect(found.columns).toEqual(plain.columns);
    expect(found.threshold).toBe(plain.threshold);
    expect(found.top.map(({ row, anomaly_score }) => [row, anomaly_score])).toEqual(
      plain.top.map(({ row, anomaly_score }) => [row, anomaly_score]),
    );
    expect(found.notes).toEqual([expect.stringMatching(/^read as people write numbers and dates: /)]);
  });

  it("plain rows need no note", () => expect(plain.notes).toEqual([]));
});

describe("a model reads texts as they were written in training", async () => {
  const cells: readonly Cell[] = [
    (row) => marked(".", ",")(amounts[row]),
    (row) => `${shares[row]}%`,
    (row) => `${days[row].getUTCMonth() + 1}/${days[row].getUTCDate()}/2024`,
  ];
  const model = folder.file("written.nomaly");
  const fitted = await runInProcess(["fit", folder.write("training.csv", table(";", cells)), "-m", model]);
  expect(fitted.code).toBe(0);
  const scoresOf = async (text: string) => {
    const out = folder.file("out.csv");
    const result = await runInProcess(["score", folder.write("new.csv", text), "-m", model, "-o", out]);
    expect([result.code, result.stderr]).toEqual([0, ""]);
    return readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(";").at(-3));
  };

  it("also where a new file does not tell how to read them", async () => {
    const open = "amount;share;day\n1.234;20%;3/4/2024\n";
    expect(await scoresOf(open)).toEqual(await scoresOf("amount;share;day\n1.234,00;20;2024-03-04\n"));
    expect(await scoresOf(open)).not.toEqual(await scoresOf("amount;share;day\n1,234;20%;3/4/2024\n"));
  });

  it("and names the row of a text that is written in another way", async () => {
    const result = await runInProcess([
      "score",
      folder.write("new.csv", "amount;share;day\n1,5;20%;3/4/2024\n2.5;20%;3/4/2024\n"),
      "-m",
      model,
    ]);
    expect(result.stderr).toMatch(
      /new\.csv: column "amount" holds "2\.5" in row 2, which is not a number as the model learned to read them/,
    );
  });

  it("in rows of texts too", () => {
    const loaded = load(readFileSync(model));
    const [score] = loaded.score([{ amount: 1234, share: 20, day: "2024-03-04" }]);
    expect(loaded.score([{ amount: "1.234,00", share: "20 %", day: "3/4/2024" }])[0]).toBe(score);
    expect(() => loaded.score([{ amount: "1.5", share: 20, day: "2024-03-04" }])).toThrow(
      expect.objectContaining({ code: "COLUMN", field: "amount", rowIndex: 0 }),
    );
    expect(() => loaded.score([{ amount: 1, share: 20, day: "15/3/2024" }])).toThrow(
      expect.objectContaining({ code: "COLUMN", field: "day", rowIndex: 0 }),
    );
  });
});

describe("values that could mean two things", () => {
  const thousands = (row: number) => `1,${String(100 + row)}`;

  it("are refused with the options that settle it, and read as these say", async () => {
    const text = table(";", [thousands, plainCells[1]]);
    expect(await refused(text)).toBe(
      'nomaly: FILE_FORMAT: FILE: column "amount" holds "1,100" in row 1, and no value tells whether that mark is for decimals or thousands; pass --decimal-comma for decimals, or --thousands , for thousands',
    );
    const plain = (factor: number) =>
      table(",", [(row) => String(Math.round((1100 + row) * factor * 1000) / 1000), plainCells[1]]);
    const decimals = await detected("decimals.csv", text, "--decimal-comma");
    expect(decimals.threshold).toBe((await detected("plain.csv", plain(0.001))).threshold);
    const whole = await detected("whole.csv", text, "--thousands", ",");
    expect(whole.threshold).toBe((await detected("plain.csv", plain(1))).threshold);
  });

  it("are not refused in a column that is not read, or that holds categories", async () => {
    const text = table(";", [thousands, plainCells[1], plainCells[2]]);
    expect((await detected("left.csv", text, "--exclude", "amount")).columns.map(({ name }) => name)).toEqual(["share", "day"]);
    expect((await detected("named.csv", text, "--categorical", "amount")).columns[0]).toEqual({ name: "amount", kind: "text" });
  });

  it("are settled by a value anywhere in the file", async () => {
    const far = 25_000;
    const text = (last: string) =>
      table(";", [(row) => (row === far - 1 ? last : thousands(row % 900)), (row) => String(row % 90)], far);
    const { notes } = await detected("far.csv", text("1,5"), "--fit-rows", "500");
    expect(notes[0]).toContain('amount ("1,100" is 1.1)');
    const { notes: whole } = await detected("far.csv", text("1,234.5"), "--fit-rows", "500");
    expect(whole[0]).toContain('amount ("1,100" is 1100)');
    expect(await refused(text("1.2.3"))).toContain(
      `column "amount" holds "1.2.3" in row ${far}, which is not written as the other numbers are`,
    );
  });

  it("in a column of plain numbers are named with their line, and read once an option asks for all rows", async () => {
    const far = 25_000;
    const text = table(";", [(row) => (row === far - 1 ? "1,234.5" : String(row % 900)), (row) => String(row % 90)], far);
    expect(await refused(text)).toBe(
      `nomaly: FILE_FORMAT: FILE line ${far + 1}: column "amount" holds "1,234.5" where a number is expected; --thousands , or --decimal-comma lets all rows tell how numbers are written`,
    );
    const out = folder.file("far.ndjson");
    await detected("far.csv", text, "--fit-rows", "500", "--thousands", ",", "-o", out);
    expect(folder.read("far.ndjson").trim().split("\n").at(-1)).toMatch(/"amount":1234.5,/);
  });

  it("are refused as dates too, and read in the order that is given", async () => {
    const text = table(",", [plainCells[0], plainCells[1], (row) => `${1 + (row % 12)}/${1 + (row % 11)}/2024`]);
    expect(await refused(text)).toBe(
      'nomaly: FILE_FORMAT: FILE: column "day" holds "1/1/2024" in row 1, and no value tells day from month; pass --date-order dmy or --date-order mdy',
    );
    const day = (month: number, of: number) => iso(new Date(Date.UTC(2024, month - 1, of)));
    const mdy = await detected(
      "mdy.csv",
      table(",", [plainCells[0], plainCells[1], (row) => day(1 + (row % 12), 1 + (row % 11))]),
    );
    expect((await detected("read.csv", text, "--date-order", "mdy")).threshold).toBe(mdy.threshold);
  });

  it("years of two digits need the order", async () => {
    const text = table(",", [plainCells[0], plainCells[1], (row) => `3/${1 + (row % 30)}/${70 + (row % 30)}`]);
    expect(await refused(text)).toContain(
      'holds "3/1/70" in row 1, whose year has two digits; pass --date-order dmy or --date-order mdy or --date-order ymd',
    );
    expect((await detected("short.csv", text, "--date-order", "mdy")).notes[0]).toContain('("3/10/79" is 1979-03-10)');
  });
});

it("a file without names has no row taken for names", async () => {
  const result = await runInProcess([
    "detect",
    folder.write("bare.csv", `1,5;2,50\n${"3,5;4,25\n".repeat(20)}90,5;7,5\n`),
    "--json",
  ]);
  expect(JSON.parse(result.stdout)).toMatchObject({
    row_count: 22,
    columns: [
      { name: "column0", kind: "number" },
      { name: "column1", kind: "number" },
    ],
  });
});

describe("texts that only look like numbers stay texts", () => {
  it.each<readonly [string, Cell]>([
    ["versions", (row) => `1.${row % 3}.${row % 2}`],
    ["lists", (row) => ["1,2", "1,2,3", "4"][row % 3]],
    ["telephone numbers", (row) => `+49 301 ${100 + (row % 4)}`],
    ["numbers of firms", (row) => `552 100 ${500 + (row % 4)}`],
    ["addresses of machines", (row) => `10.0.0.${row % 5}`],
    ["house numbers", (row) => `${1 + (row % 4)}${"ABC"[row % 3]}`],
    ["sizes", (row) => ["S", "M", "L", "10"][row % 4]],
  ])("%s", async (_, cell) => {
    const { columns, notes } = await detected("texts.csv", table(";", [cell, plainCells[1]]));
    expect(columns[0]).toEqual({ name: "amount", kind: "text" });
    expect(notes).toEqual([]);
  });
});
