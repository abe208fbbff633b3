import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { Dictionary, Int32, Table, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSource, type SourceOptions } from "./source.ts";
import { createTemporaryFiles } from "../local/temporary.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-source-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of the file once it is opened with these options. */
async function rowCountOf(name: string, content: string | Uint8Array, given: Partial<SourceOptions> = {}): Promise<number> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const temporary = createTemporaryFiles(folder);
  const { signal } = new AbortController();
  try {
    const source = await openSource(path, { name, threadCount: 1, temporary, stdin: Readable.from([]), signal, ...given });
    let rowCount = 0;
    try {
      for await (const batch of source.batches()) rowCount += batch.rowCount;
    } finally {
      source.close();
    }
    return rowCount;
  } finally {
    temporary.removeAll();
  }
}

describe("a compressed file", () => {
  const table = "x,y\n1,2\n3,4\n";

  it("may become as many bytes as its reader allows, and not one more", async () => {
    expect(await rowCountOf("a.csv.gz", gzipSync(table), { unpackedBytesMax: table.length })).toBe(2);
    await expect(rowCountOf("a.csv.gz", gzipSync(table), { unpackedBytesMax: table.length - 1 })).rejects.toMatchObject({
      code: "TOO_LARGE",
      field: "a.csv.gz",
      expected: `at most ${table.length - 1} bytes`,
      received: String(table.length),
    });
  });

  it("is compressed once", async () => {
    await expect(rowCountOf("a.csv.gz", gzipSync(gzipSync(table)))).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: "a.csv.gz is compressed twice; unpack it once",
    });
  });
});

describe("limits of its reader", () => {
  const json = JSON.stringify([{ a: 1 }, { a: 2 }, { a: 3 }]);
  const arrow = tableToIPC(new Table({ a: vectorFromArray([1, 2, 3]) }), "file");
  it.each([
    ["rows.json", json],
    ["rows.arrow", arrow],
  ])("hold for %s", async (name, content) => {
    expect(await rowCountOf(name, content, { limits: { rowCountMax: 3, valueCountMax: 7 } })).toBe(3);
    await expect(rowCountOf(name, content, { limits: { rowCountMax: 2 } })).rejects.toMatchObject({
      code: "TOO_LARGE",
      received: "3",
    });
    await expect(rowCountOf(name, content, { limits: { valueCountMax: 2 } })).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("hold for the columns of CSV", async () => {
    expect(await rowCountOf("a.csv", "x,y\n1,2\n", { limits: { columnCountMax: 2 } })).toBe(1);
    await expect(rowCountOf("a.csv", "x,y\n1,2\n", { limits: { columnCountMax: 1 } })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
  });
});

it("a byte order mark stands before JSON as before CSV, and changes nothing", async () => {
  const records = [{ a: 1 }, { a: 2 }];
  expect(await rowCountOf("mark.json", `\ufeff${JSON.stringify(records)}`)).toBe(2);
  expect(await rowCountOf("mark.ndjson", `\ufeff${records.map((record) => JSON.stringify(record)).join("\n")}`)).toBe(2);
  expect(await rowCountOf("mark.csv", "\ufeffa\n1\n2\n")).toBe(2);
});

it("JSON records of many keys, all numbers, have as many columns", async () => {
  const record = Object.fromEntries(Array.from({ length: 1500 }, (_, key) => [`k${key}`, key]));
  const path = join(folder, "many-keys.json");
  writeFileSync(path, JSON.stringify([record, record]));
  const temporary = createTemporaryFiles(folder);
  const { signal } = new AbortController();
  const source = await openSource(path, { threadCount: 1, temporary, stdin: Readable.from([]), signal });
  expect(source.columns.map(({ kind }) => kind)).toEqual(Array.from({ length: 1500 }, () => "number"));
  source.close();
  temporary.removeAll();
});

it("moments in JSON are dates with a fraction of a second as without one; a text that is no moment keeps its column texts", async () => {
  const kindOf = async (...texts: readonly (string | null)[]) => {
    const path = join(folder, "moments.ndjson");
    writeFileSync(path, texts.map((moment) => JSON.stringify({ moment })).join("\n"));
    const temporary = createTemporaryFiles(folder);
    const { signal } = new AbortController();
    const source = await openSource(path, { threadCount: 1, temporary, stdin: Readable.from([]), signal });
    const [{ kind }] = source.columns;
    const values: unknown[] = [];
    for await (const { columns } of source.batches()) values.push(...columns[0].values);
    source.close();
    temporary.removeAll();
    return { kind, values };
  };
  const first = Date.UTC(2015, 11, 27, 13, 4, 5, 250);
  expect(await kindOf("2015-12-27T13:04:05.250", null, "2016-01-02T00:00:00.000")).toEqual({
    kind: "date",
    values: [first, Number.NaN, Date.UTC(2016, 0, 2)],
  });
  expect((await kindOf("2015-12-27T13:04:05", "2016-01-02T00:00:00")).kind).toBe("date");
  const many = Array.from({ length: 1500 }, () => "2015-12-27T13:04:05.250");
  expect((await kindOf(...many, "2015-02-30T13:04:05.250")).kind).toBe("text");
  expect((await kindOf(...many, "soon")).kind).toBe("text");
});

it("a small Arrow file whose dictionary becomes gigabytes is refused, one that becomes megabytes is read", async () => {
  const file = (rowCount: number) => {
    const texts = Array.from({ length: rowCount }, () => "x".repeat(1024 ** 2));
    return tableToIPC(new Table({ t: vectorFromArray(texts, new Dictionary(new Utf8(), new Int32())) }), "file");
  };
  expect(await rowCountOf("texts.arrow", file(256))).toBe(256);
  await expect(rowCountOf("texts.arrow", file(2000))).rejects.toMatchObject({
    code: "TOO_LARGE",
    expected: `at most ${256 * 1024 ** 2} bytes of texts from dictionaries in one batch`,
    received: String(2000 * 1024 ** 2),
  });
});
