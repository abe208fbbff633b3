/** Encodings, lines before and between the rows, short lines, and files that are no text. */

import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const cities = ["K\u00f6ln", "M\u00fcnchen", "N\u00eemes"];
const rows = Array.from({ length: 60 }, (_, row) => ({
  city: cities[row % 3],
  speed: 10 + (row % 5),
  power: row === 50 ? 900 : 100 + (row % 7),
}));
const csv = toCsv(rows);

interface Detected {
  readonly row_count: number;
  readonly threshold: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  readonly notes: readonly string[];
  readonly top: readonly { readonly row: number }[];
}

async function detected(content: string | Uint8Array, ...more: string[]): Promise<Detected> {
  const result = await runInProcess(["detect", folder.write("text.csv", content), "--json", ...more]);
  expect([result.code, result.stderr]).toEqual([0, ""]);
  return JSON.parse(result.stdout) as Detected;
}

async function refused(content: string | Uint8Array, ...more: string[]): Promise<string> {
  const result = await runInProcess(["detect", folder.write("text.csv", content), ...more]);
  expect(result.code).not.toBe(0);
  return result.stderr.replaceAll(/\S*\/text\.csv/g, "FILE").trim();
}

const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
const plain = await detected(csv);
/** All that a file of the same rows shares with the plain one. */
const asPlain = { row_count: plain.row_count, threshold: plain.threshold, columns: plain.columns, top: plain.top };

describe("the encoding is told from the bytes", () => {
  it.each<readonly [string, Uint8Array, readonly unknown[]]>([
    ["UTF-16, little end first, with its mark", Buffer.from(`\ufeff${csv}`, "utf16le"), []],
    ["UTF-16, big end first, with its mark", utf16be(`\ufeff${csv}`), []],
    ["UTF-16 without a mark", Buffer.from(csv, "utf16le"), []],
    ["Latin-1", Buffer.from(csv, "latin1"), [expect.stringContaining("read as windows-1252")]],
  ])("%s", async (_, bytes, notes) => {
    const found = await detected(bytes);
    expect(found).toMatchObject(asPlain);
    expect(found.notes).toEqual(notes);
  });

  it("or given, and the letters are those of the file", async () => {
    const out = folder.file("out.csv");
    await detected(Buffer.from(csv, "latin1"), "--encoding", "latin1", "-o", out);
    expect(
      folder
        .read("out.csv")
        .split("\n")
        .slice(1, 4)
        .map((line) => line.split(",")[0]),
    ).toEqual(cities);
    const cyrillic = Buffer.concat([
      Buffer.from("name,x\n"),
      ...Array.from({ length: 30 }, (_, row) => Buffer.concat([Buffer.from([0xcc, 0xe8, 0xf0]), Buffer.from(`,${row % 4}\n`)])),
    ]);
    await detected(cyrillic, "--encoding", "windows-1251", "-o", out);
    expect(folder.read("out.csv")).toContain("\u041c\u0438\u0440,0");
  });

  it("is refused where it is unknown, or where the bytes are not of it", async () => {
    expect(await refused(csv, "--encoding", "latin-9000")).toBe(
      'nomaly: USAGE: --encoding must be the name of an encoding such as utf-8, windows-1252 or utf-16le, got "latin-9000"',
    );
    expect(await refused(Buffer.from(csv, "latin1"), "--encoding", "utf-8")).toContain("--encoding");
    const late = Buffer.concat([Buffer.from(csv), Buffer.from("K\u00f6ln,1,2\n", "latin1")]);
    expect(await refused(late)).toBe(
      `nomaly: FILE_FORMAT: FILE line ${rows.length + 2}: the bytes are not valid UTF-8; convert the file to UTF-8, or name its encoding with --encoding`,
    );
  });
});

describe("lines that are no rows", () => {
  const lines = csv.trim().split("\n");

  it("Excel's first line gives the delimiter", async () => {
    expect(await detected(`sep=;\r\n${lines.map((line) => line.replaceAll(",", ";")).join("\r\n")}\r\n`)).toMatchObject(asPlain);
    expect(await detected(`sep=^\n${csv.replaceAll(",", "^")}`)).toMatchObject(asPlain);
  });

  it("lines at the start are skipped, whatever quotes they have", async () => {
    expect(await detected(`Report "of\nMay\n\n${csv}`, "--skip-rows", "2")).toMatchObject(asPlain);
    expect(await detected(`Report\nsep=;\n${csv.replaceAll(",", ";")}`, "--skip-rows", "1")).toMatchObject(asPlain);
    expect(await refused("a,b\n1,2\n", "--skip-rows", "3")).toContain(
      "has 2 whole lines in its first 8 bytes, fewer than the 3 that are to be skipped",
    );
    expect(await refused(csv, "--skip-rows", "10001")).toContain(
      '--skip-rows must be a whole number from 0 to 10000, got "10001"',
    );
  });

  it("comments are left out between rows, and not within quotes or values", async () => {
    const commented = [
      `# made by a machine, "alpha`,
      lines[0],
      "#",
      ...lines.slice(1, 30),
      "# half, of, it",
      ...lines.slice(30),
      "# end",
    ].join("\n");
    expect(await detected(commented, "--comment", "#")).toMatchObject(asPlain);
    const quoted = `a,b\n${'"x\n#1",1\ny#2,2\n'.repeat(20)}`;
    const out = folder.file("quoted.csv");
    expect((await detected(quoted, "--comment", "#", "-o", out)).row_count).toBe(40);
    expect(folder.read("quoted.csv")).toContain('"x\n#1",1');
    expect(folder.read("quoted.csv")).toContain('"y#2",2');
    expect((await detected(`# numbers\nx\n${"1\n2\n# between\n3\n".repeat(9)}5000\n`, "--comment", "#")).row_count).toBe(28);
  });

  it("a line that is wrong keeps its number", async () => {
    expect(await refused(`top\n# c\na,b\n1,2\n# c\n3,4,5\n`, "--comment", "#", "--skip-rows", "1")).toContain(
      "FILE line 6: 2 values expected",
    );
  });
});

describe("lines of another length", () => {
  const ragged = `a,b,c\n${"1,2,3\n4,5,6\n7,8,9\n".repeat(10)}4,5\n6\n`;

  it("are refused with the option that fills short ones", async () => {
    expect(await refused(ragged)).toBe(
      "nomaly: FILE_FORMAT: FILE line 32: 3 values expected, as in the first line, but 2 came; --fill-short-rows fills short lines with missing values",
    );
    expect(await refused(`${ragged}7,8,9,10\n`, "--fill-short-rows")).toContain(
      "line 34: 3 values expected, as in the first line, but 4 came",
    );
  });

  it("are filled on request, and counted", async () => {
    const found = await detected(ragged, "--fill-short-rows", "--missing", "median");
    expect(found.row_count).toBe(32);
    expect(found.notes).toEqual([
      "filled 3 missing values in 2 columns with the column's median",
      "2 short rows are filled with missing values",
    ]);
    const quoted = `a,b\n${'"x\ny",1\nz,2\n'.repeat(20)}"last\n"`;
    const text = await detected(quoted, "--fill-short-rows", "--missing", "median");
    expect([text.row_count, text.notes]).toEqual([
      41,
      ["filled 1 missing value in 1 column with the column's median", "1 short row is filled with missing values"],
    ]);
  });
});

describe("spreadsheets are refused by their first bytes", () => {
  const zip = (...names: string[]) =>
    Buffer.concat(names.map((name) => Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(26), Buffer.from(name)])));

  it.each<readonly [string, Uint8Array, RegExp]>([
    [
      ".xlsx",
      zip("[Content_Types].xml", "xl/workbook.xml"),
      /FILE is an Excel workbook \(\.xlsx\), which nomaly does not read; save its sheet as CSV \(in Excel: File > Save As > "CSV UTF-8"\), or write Parquet with Python: pandas\.read_excel\("FILE"\)\.to_parquet\("FILE\.parquet"\)/,
    ],
    [".xls", Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(600)]), /FILE is an Excel workbook \(\.xls\)/],
    [
      ".ods",
      zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "content.xml"),
      /FILE is an OpenDocument spreadsheet \(\.ods\).*LibreOffice/,
    ],
    [".zip", zip("cars.csv"), /FILE is a zip archive; unpack it/],
  ])("%s", async (_, bytes, says) => expect(await refused(bytes)).toMatch(says));
});
