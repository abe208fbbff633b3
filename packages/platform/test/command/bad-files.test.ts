import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { Table, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";
import { afterAll, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const goodText = toCsv(plantRows());
const fixtures = resolve(import.meta.dirname, "../../../../fixtures");
const arrow = Buffer.from(tableToIPC(new Table({ t: vectorFromArray(["a", "bb", "ccc"], new Utf8()) }), "file"));

/** The bytes with one run of numbers written over by another. */
function replaced(bytes: Buffer, from: Int32Array, to: Int32Array): Buffer {
  const at = bytes.indexOf(Buffer.from(from.buffer));
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to.buffer), bytes.subarray(at + to.byteLength)]);
}

/** The frame of column f64 in the fixture: two of a dictionary, two of another column and one of validity bits come before. */
const frameOfNumbers = 5;

/** The bytes with a change in the header of that frame. */
function flipped(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  const frame = Buffer.from(Uint32Array.of(0x184d2204).buffer);
  let at = -1;
  for (let count = 0; count < frameOfNumbers; count++) at = damaged.indexOf(frame, at + 1);
  damaged[at + 6] ^= 1;
  return damaged;
}

interface Case {
  readonly what: string;
  readonly content: string | Uint8Array;
  /** Tells the format; default `bad.csv`. */
  readonly name?: string;
  readonly says: RegExp;
}

const manyRows = (count: number) => Array.from({ length: count }, (_, row) => `${row % 7},${row % 5}`).join("\n");

const cases: readonly Case[] = [
  {
    what: "Arrow that is cut off",
    name: "cut.arrow",
    content: arrow.subarray(0, arrow.length - 40),
    says: /FILE_FORMAT: FILE is damaged or not an Arrow IPC file: it does not end with ARROW1/,
  },
  {
    what: "Arrow with offsets that fall",
    name: "offsets.arrow",
    content: replaced(arrow, Int32Array.of(0, 1, 3, 6), Int32Array.of(0, 5, 3, 6)),
    says: /FILE_FORMAT: FILE is damaged .*: record batch 0, column "t" has the offset 3 in place 2/,
  },
  {
    what: "Arrow whose compressed buffer is damaged",
    name: "lz4.arrow",
    content: flipped(readFileSync(join(fixtures, "arrow/lz4-file.arrow"))),
    says: /FILE_FORMAT: FILE is damaged .*: record batch 0, the values of column "f64", which should become 160 bytes: its LZ4 frame/,
  },
  {
    what: "Arrow with a column without a name",
    name: "nameless.arrow",
    content: tableToIPC(new Table({ a: vectorFromArray([1, 2]), "": vectorFromArray([3, 4]) }), "file"),
    says: /FILE_FORMAT: FILE has a column with the name ""; each needs one of its own/,
  },
  {
    what: "Parquet that is cut off",
    name: "cut.parquet",
    content: `PAR1${"x".repeat(500)}`,
    says: /FILE_FORMAT: FILE is damaged or no Parquet file: it does not end with PAR1/,
  },
  {
    what: "Parquet whose footer is larger than the file",
    name: "footer.parquet",
    content: Buffer.concat([Buffer.from("PAR1....."), Buffer.from(Uint32Array.of(0xffff_fff0).buffer), Buffer.from("PAR1")]),
    says: /FILE_FORMAT: FILE is damaged or no Parquet file: it says that its footer has 4294967280 bytes, in a file of 17/,
  },
  {
    what: "JSON of brackets",
    name: "deep.json",
    content: "[".repeat(30_000),
    says: /FILE_FORMAT: FILE nests deeper than 64 levels at byte 64$/m,
  },
  {
    what: "compressed JSON of brackets",
    name: "deep.json.gz",
    content: gzipSync("[".repeat(10_000)),
    says: /FILE_FORMAT: FILE nests deeper than 64 levels/,
  },
  {
    what: "a JSON record of more keys than a table has columns",
    name: "keys.json",
    content: JSON.stringify([Object.fromEntries(Array.from({ length: 10_001 }, (_, key) => [`k${key}`, 1]))]),
    says: /TOO_LARGE: FILE has at least 10001 different keys, at most 10000 are taken/,
  },
  {
    what: "a JSON record that is too long",
    name: "long.json",
    content: `[{"a":"${"x".repeat(33 * 1024 ** 2)}"}]`,
    says: /TOO_LARGE: FILE has a record of at least \d+ bytes \(number 1\), at most 33554432 are read/,
  },
  {
    what: "gzip within gzip",
    name: "twice.csv.gz",
    content: gzipSync(gzipSync(goodText)),
    says: /FILE_FORMAT: FILE is compressed twice; unpack it once/,
  },
  {
    what: "a CSV header of a million columns",
    content: `${Array.from({ length: 1_000_000 }, (_, column) => `c${column}`).join(",")}\n`,
    says: /TOO_LARGE: FILE line 1 has more than 10000 fields, at most 10000 columns are taken/,
  },
  {
    what: "a CSV line of a million values",
    content: `a,b\n${manyRows(10_000)}\n${"1,".repeat(900_000)}1\n`,
    says: /TOO_LARGE: FILE line 10002 has more than 10000 fields/,
  },
  {
    what: "a quote that is never closed in a large file",
    content: `a,b\n1,"x\n${manyRows(1_000_000)}\n`,
    says: /FILE_FORMAT: FILE line 2: the line is longer than 2000000 bytes; is a quote not closed\?/,
  },
  {
    what: "a row that is too long, far down: what comes before it is not taken for all",
    content: `a,b\n${manyRows(100_000)}\n1,2,3\n${manyRows(100_000)}\n`,
    says: /FILE_FORMAT: FILE line 100002: 2 values expected, as in the first line, but 3 came/,
  },
];

it.each(cases)("$what ends with a coded sentence and nothing left behind", async ({ content, name = "bad.csv", says }) => {
  const file = folder.write(name, content);
  const before = folder.names();
  const { code, stdout, stderr } = await runInProcess(["detect", file, "-o", folder.file("out.csv")]);
  expect(stderr.replaceAll(file, "FILE")).toMatch(says);
  expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([3, "", 1]);
  expect(folder.names()).toEqual(before);
});
