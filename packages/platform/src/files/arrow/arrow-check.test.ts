import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Dictionary, Float64, Int32, tableFromIPC, tableToIPC, Table, Utf8, vectorFromArray } from "apache-arrow";
import type { Vector } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkArrowBody, checkArrowFile } from "./arrow-check.ts";

const fixtures = resolve(import.meta.dirname, "../../../../../fixtures/arrow");
const limits = { rowCountMax: 1e6, columnCountMax: 1e4, valueCountMax: 1e8, expandedTextBytesMax: 1e9 };
const { signal } = new AbortController();

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-arrow-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows and columns as the writers were told to write them. */
const written: Readonly<Record<string, readonly [rowCount: number, columnCount: number]>> = {
  usable: [29, 17],
  others: [19, 29],
  deltas: [7, 1],
  replaced: [7, 1],
  empty: [0, 4],
  "no-columns": [0, 0],
  "version-4": [20, 4],
  legacy: [20, 4],
  noted: [20, 4],
  polars: [3, 9],
  "polars-oldest": [3, 9],
};

const names = readdirSync(fixtures);
const isCompressed = (name: string) => /lz4|zstd/.test(name);

describe("what pyarrow and polars write passes: every type, as file and as stream", () => {
  it.each(names.filter((name) => !isCompressed(name)))("%s", async (name) => {
    const [rowCount, columnCount] = written[name.replace(/-(file|stream)\.arrow$/, "")];
    const path = join(fixtures, name);
    expect(checkArrowBody(readFileSync(path), limits)).toMatchObject({ rowCount, columnCount });
    expect(await checkArrowFile({ path, name }, limits, signal)).toMatchObject({ rowCount, columnCount });
  });

  it.each(names.filter(isCompressed))("%s has to be unpacked before", (name) => {
    expect(() => checkArrowBody(readFileSync(join(fixtures, name)), limits)).toThrow(/dictionary 0 is compressed/);
  });
});

/** Columns as the Arrow library itself writes them. */
function bodyOf(columns: Readonly<Record<string, Vector>>): Uint8Array {
  return tableToIPC(new Table(columns), "stream");
}

/** The bytes with one run of numbers written over by another, wherever it stands. */
function patched(bytes: Uint8Array, from: Int32Array | BigInt64Array, to: Int32Array | BigInt64Array): Uint8Array {
  const changed = Buffer.from(bytes);
  const [sought, put] = [from, to].map((numbers) => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  let count = 0;
  for (let at = changed.indexOf(sought); at >= 0; at = changed.indexOf(sought, at + sought.length), count++)
    put.copy(changed, at);
  expect(count).toBeGreaterThan(0);
  return changed;
}

const ints = (...values: number[]) => Int32Array.from(values);
const longs = (...values: number[]) => BigInt64Array.from(values, BigInt);
const texts = bodyOf({ t: vectorFromArray(["a", "bb", "ccc"], new Utf8()) });
const coded = bodyOf({ t: vectorFromArray(["a", "b", "c", "c", "b"], new Dictionary(new Utf8(), new Int32())) });
const numbers = bodyOf({ n: vectorFromArray([1, 2, 3, 4, 5, 6, 7], new Float64()) });
const gaps = bodyOf({ n: vectorFromArray([1, null, 3, null, 5, 6, 7], new Float64()) });

describe("what the bytes say of themselves is held against them", () => {
  it.each([
    ["offsets that fall", patched(texts, ints(0, 1, 3, 6), ints(0, 4, 3, 6)), /column "t" has the offset 3 in place 2/],
    ["a negative offset", patched(texts, ints(0, 1, 3, 6), ints(0, -1, 3, 6)), /column "t" has the offset/],
    ["offsets past the texts", patched(texts, ints(0, 1, 3, 6), ints(0, 1, 3, 600)), /the offset 600 in place 3/],
    [
      "a place beyond the dictionary",
      patched(coded, ints(0, 1, 2, 2, 1), ints(0, 1, 3, 2, 1)),
      /row 2 has the place 3 in dictionary \d+, which has 3/,
    ],
    ["a negative place", patched(coded, ints(0, 1, 2, 2, 1), ints(0, -1, 2, 2, 1)), /row 1 has the place/],
    [
      "more rows than values",
      patched(numbers, longs(7), longs(8)),
      /record batch 0, column "n" has a buffer of 56 bytes where its values take 64/,
    ],
    ["more rows than there can be", patched(numbers, longs(7), longs(900_000)), /where its values take 7200000/],
    ["a negative number of rows", patched(numbers, longs(7), longs(-7)), /record batch 0/],
    ["more missing values than marked", patched(gaps, longs(7, 2), longs(7, 3)), /3 of its values are missing, and marks 2/],
    ["none missing where some are marked", patched(gaps, longs(7, 2), longs(7, 0)), /0 of its values are missing, and marks 2/],
    ["more missing values than rows", patched(gaps, longs(7, 2), longs(7, 9)), /says that 9 of its 7 values are missing/],
    ["a buffer outside of the body", patched(numbers, longs(0, 56), longs(4096, 56)), /has a buffer of 56 bytes at 4096/],
    ["a buffer that begins between two numbers", patched(numbers, longs(0, 56), longs(4, 52)), /has a buffer of 52 bytes at 4/],
    ["a buffer of a negative size", patched(numbers, longs(0, 56), longs(0, -56)), /has a buffer of -56 bytes/],
    ["text", Buffer.from("a,b\n1,2\n3,4\n"), /is damaged or no Arrow IPC stream/],
    ["nothing but a marker", Uint8Array.of(255, 255, 255, 255), /is damaged or no Arrow IPC stream/],
  ])("%s", (_, bytes, says) => {
    expect(() => checkArrowBody(bytes, limits)).toThrow(
      expect.objectContaining({ code: "REQUEST", message: expect.stringMatching(says) as unknown }),
    );
  });

  it("two columns may not lie on the same bytes: a few would stand for many", () => {
    const two = bodyOf({
      a: vectorFromArray([1, 2, 3, 4, 5], new Float64()),
      b: vectorFromArray([1, 2, 3, 4, 5], new Float64()),
    });
    const shared = patched(two, longs(40, 0, 40, 40), longs(40, 0, 0, 80));
    expect(() => checkArrowBody(shared, limits)).toThrow(/buffers of 120 bytes together in a body of 80/);
  });

  it("names the file, the batch and the column", async () => {
    const path = join(folder, "fall.arrow");
    writeFileSync(path, patched(texts, ints(0, 1, 3, 6), ints(0, 4, 3, 6)));
    await expect(checkArrowFile({ path, name: "fall.arrow" }, limits, signal)).rejects.toMatchObject({
      code: "FILE_FORMAT",
      field: "fall.arrow",
      message: expect.stringMatching(/^fall\.arrow is damaged .*: record batch 0, column "t" has the offset 3/) as unknown,
    });
  });
});

describe("limits", () => {
  const cases = [
    ["rows", { rowCountMax: 7 }, { rowCountMax: 6 }],
    ["columns", { columnCountMax: 1 }, { columnCountMax: 0 }],
    ["values", { valueCountMax: 7 }, { valueCountMax: 6 }],
  ] as const;
  it.each(cases)("of %s are taken up to the limit and refused above, with both numbers", (what, enough, few) => {
    expect(checkArrowBody(numbers, { ...limits, ...enough }).rowCount).toBe(7);
    const [max] = Object.values(few);
    expect(() => checkArrowBody(numbers, { ...limits, ...few })).toThrow(
      expect.objectContaining({
        code: "TOO_LARGE",
        field: "body",
        expected: `at most ${max} ${what}`,
        received: String(max + 1),
      }),
    );
  });

  it("a text of 100,000 letters that a dictionary holds once counts in each of 2,000 rows", () => {
    const word = "x".repeat(100_000);
    const body = bodyOf({
      t: vectorFromArray(
        Array.from({ length: 2000 }, () => word),
        new Dictionary(new Utf8(), new Int32()),
      ),
    });
    expect(body.length).toBeLessThan(110_000);
    expect(checkArrowBody(body, { ...limits, expandedTextBytesMax: 2e8 }).longestTextBytes).toBe(100_000);
    expect(() => checkArrowBody(body, { ...limits, expandedTextBytesMax: 2e8 - 1 })).toThrow(
      expect.objectContaining({ code: "TOO_LARGE", received: "200000000" }),
    );
  });

  it("stops when its caller does", async () => {
    const path = join(folder, "many.arrow");
    const column = vectorFromArray(["a", "b"], new Utf8());
    writeFileSync(path, bodyOf(Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`c${index}`, column]))));
    const stopped = checkArrowFile({ path, name: "many" }, limits, AbortSignal.abort());
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("changed bytes are refused with a code, or can be read", () => {
  const changed = ["usable-stream.arrow", "usable-file.arrow", "polars-file.arrow", "deltas-stream.arrow"];
  it.each(changed)("wherever in %s they are", { timeout: 120_000 }, (name) => {
    const bytes = readFileSync(join(fixtures, name));
    const few = { ...limits, rowCountMax: 1000, valueCountMax: 1e5 };
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= [0x01, 0x80, 0xff, 0x10][at % 4];
      try {
        checkArrowBody(damaged, few);
      } catch (error) {
        expect(error).toMatchObject({ name: "NomalyError" });
        continue;
      }
      readable(damaged);
    }
  });

  it.each(["others-file.arrow", "others-stream.arrow"])("wherever %s ends", (name) => {
    const bytes = readFileSync(join(fixtures, name));
    for (let end = 0; end < bytes.length; end += 3) {
      try {
        checkArrowBody(bytes.subarray(0, end), limits);
      } catch (error) {
        expect(error).toMatchObject({ name: "NomalyError", code: "REQUEST" });
      }
    }
  });
});

/** What passed is read to its end; types that the library does not know, and dates beyond its range, are its own matter. */
function readable(bytes: Uint8Array): void {
  try {
    const table = tableFromIPC(bytes);
    for (let column = 0; column < table.numCols; column++) {
      const vector = table.getChildAt(column);
      for (let row = 0; row < table.numRows; row++) vector?.get(row);
    }
  } catch (error) {
    expect((error as Error).message).toMatch(/Unrecognized|Unsupported|not safe to convert/i);
  }
}
