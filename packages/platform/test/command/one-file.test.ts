import { mkdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const table = toCsv(plantRows());
const put = (path: string, content: string | Uint8Array = table) => {
  mkdirSync(folder.file(path.slice(0, path.lastIndexOf("/"))), { recursive: true });
  writeFileSync(folder.file(path), content);
};

/** What is printed, with the folder's path replaced by HERE. */
async function says(...paths: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(["detect", ...paths.map((path) => folder.file(path))]);
  expect([stdout, code === 2 || code === 3]).toEqual(["", true]);
  return stderr.replaceAll(folder.path, "HERE").trimEnd();
}

describe("one file at a time is read, and the command that joins several is named", () => {
  put("tables/a.csv");
  put("tables/b.csv");
  put("parts/year=2023/a.parquet");
  put("deep/one/a.tsv");
  put("records/a.ndjson");
  put("lists/a.json");
  put("packed/a.csv.gz");
  put("feathers/a.feather");
  put("others/notes.md");

  it("for several names, as a shell makes them of a pattern", async () => {
    const join =
      "if they have the same columns, join them first: awk 'FNR > 1 || NR == 1' HERE/tables/a.csv HERE/tables/b.csv > /tmp/all.csv";
    expect(await says("tables/a.csv", "tables/b.csv")).toBe(
      `nomaly: USAGE: nomaly detect takes one file at a time, not 2; ${join}`,
    );
    const seven = Array.from({ length: 7 }, () => "tables/a.csv");
    expect(await says(...seven)).toContain("'FNR > 1 || NR == 1' HERE/tables/*.csv > /tmp/all.csv");
    expect(await says(...seven.slice(1))).not.toContain("*");
    expect(await says("tables/a.csv", "records/a.ndjson")).toBe("nomaly: USAGE: nomaly detect takes one file at a time, not 2");
  });

  it("for a pattern that no shell has seen", async () => {
    const join = "if they have the same columns, join them first: awk 'FNR > 1 || NR == 1' HERE/tables/*.csv > /tmp/all.csv";
    expect(await says("tables/*.csv")).toBe(
      `nomaly: FILE_NOT_FOUND: there is no file HERE/tables/*.csv, and one file at a time is read; ${join}`,
    );
    expect(await says("tables/c.csv")).toBe("nomaly: FILE_NOT_FOUND: there is no file HERE/tables/c.csv");
  });

  it.each([
    ["tables", "awk 'FNR > 1 || NR == 1' HERE/tables/*.csv > /tmp/all.csv"],
    ["deep", "awk 'FNR > 1 || NR == 1' $(find HERE/deep -name '*.tsv' | sort) > /tmp/all.tsv"],
    ["parts", `duckdb -c "COPY (FROM 'HERE/parts/**/*.parquet') TO '/tmp/all.parquet'"`],
    ["records", "cat HERE/records/*.ndjson > /tmp/all.ndjson"],
    ["lists", `duckdb -c "COPY (FROM 'HERE/lists/*.json') TO '/tmp/all.json'"`],
    ["packed", `duckdb -c "COPY (FROM 'HERE/packed/*.csv.gz') TO '/tmp/all.csv'"`],
    [
      "feathers",
      `python -c "import glob, pandas as p; p.concat(map(p.read_feather, sorted(glob.glob('HERE/feathers/*.feather', ` +
        `recursive=True))), ignore_index=True).to_feather('/tmp/all.feather')"`,
    ],
  ])("for the folder %s", async (name, line) => {
    expect(await says(name)).toBe(
      `nomaly: FILE_READ: HERE/${name} is a folder, and one file at a time is read; if they have the same columns, join its files first: ${line}`,
    );
  });

  it("and not for a folder without tables", async () => {
    expect(await says("others")).toBe("nomaly: FILE_READ: HERE/others is a folder; a file is expected");
  });
});

/** A tar archive begins with a header that names itself at byte 257. */
const tar = Buffer.alloc(1024);
tar.write("a.csv");
tar.write("ustar", 257);

describe("a file that is no table is named for what it is", () => {
  it.each([
    [
      "a.zip",
      Buffer.from("PK\u0003\u0004\u0014\u0000\u0000\u0000\u0008\u0000a.csv"),
      "is a zip archive; unpack it, and give the table in it",
    ],
    [
      "named.csv",
      Buffer.from("PK\u0003\u0004\u0014\u0000\u0000\u0000\u0008\u0000a.csv"),
      "is a zip archive; unpack it, and give the table in it",
    ],
    ["a.tar", tar, "is a tar archive; unpack it, and give the table in it"],
    ["a.tar.gz", gzipSync(tar), "is a tar archive; unpack it, and give the table in it"],
    ["a.tgz", gzipSync(tar), "is a tar archive; unpack it, and give the table in it"],
    ["folder.tar", Buffer.concat([tar, Buffer.from("xl/a.csv")]), "is a tar archive; unpack it, and give the table in it"],
    [
      "a.csv.bz2",
      Buffer.from("BZh91AY&SY\u0000\u0000"),
      "is compressed with bzip2, which is not read; unpack it, or compress it with gzip",
    ],
    [
      "a.csv.zst",
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]),
      "is compressed with zstd, which is not read; unpack it, or compress it with gzip",
    ],
    [
      "old.feather",
      Buffer.from("FEA1\u0000\u0000"),
      "is of the first version of Feather, which is not read; write it anew in version 2, which pandas does",
    ],
    ["empty.csv", Buffer.alloc(0), "is empty"],
    ["empty.json", Buffer.alloc(0), "is empty"],
    ["empty.csv.gz", gzipSync(""), "is empty"],
  ])("%s", async (name, content, finding) => {
    folder.write(name, content);
    expect(await says(name)).toBe(`nomaly: FILE_FORMAT: HERE/${name} ${finding}`);
  });

  it.each(["ORC", "BZh", "FEA1", "Rar!"])("but a table whose first column is called %s is read", async (name) => {
    folder.write("letters.csv", table.replace(/^[^,]+/, name));
    const { code } = await runInProcess(["detect", folder.file("letters.csv")]);
    expect(code).toBe(0);
  });

  it.each(["csv", "json", "ndjson", "parquet", "arrow"])(
    "gzip that is cut off is told in the same words for %s",
    async (format) => {
      const whole = gzipSync(table);
      folder.write(`cut.${format}.gz`, whole.subarray(0, whole.length / 2));
      expect(await says(`cut.${format}.gz`)).toBe(
        `nomaly: FILE_READ: HERE/cut.${format}.gz ends in the middle: the gzip data is truncated`,
      );
    },
  );
});
