import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkJsonFile } from "./json-check.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "nomaly-json-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const limits = { depthMax: 64, recordBytesMax: 1000, columnCountMax: 10, rowCountMax: 1e6, valueCountMax: 1e6 };

function check(text: string | Uint8Array, given: Partial<typeof limits> = {}, format: "json" | "ndjson" = "json") {
  const path = join(folder, "f.json");
  writeFileSync(path, text);
  return checkJsonFile({ path, name: "f.json", format }, { ...limits, ...given }, new AbortController().signal);
}

describe("counts records, their different keys and their values", () => {
  const records = [
    { a: 1, b: "x,}]" },
    { a: null, c: [1, { d: true }] },
    { b: 'quote " and \\', a: -1e5 },
  ];
  it.each([
    ["an array", JSON.stringify(records), "json"],
    ["an array with spaces", JSON.stringify(records, undefined, 2), "json"],
    ["one behind the other", records.map((record) => JSON.stringify(record)).join(" "), "json"],
    ["one a line", records.map((record) => JSON.stringify(record)).join("\n"), "ndjson"],
    ["one a line after a byte order mark", `\ufeff${records.map((record) => JSON.stringify(record)).join("\r\n")}\r\n`, "ndjson"],
  ] as const)("%s", async (_, text, format) => {
    expect(await check(text, {}, format)).toMatchObject({ rowCount: 3, columnCount: 3, valueCount: 7, longestTextBytes: 15 });
  });

  it("wherever a piece of the file ends", async () => {
    // Pieces of one MiB: the filling moves their border over every byte of a record.
    const record = '{"a":"q\\"\\\\","b":-1.5e3}';
    for (let shift = 0; shift < record.length; shift++) {
      const filled = `[${" ".repeat(1024 ** 2 - 1 - record.length + shift)}${record},${record}]`;
      expect(await check(filled)).toMatchObject({ rowCount: 2, columnCount: 2, valueCount: 4, longestTextBytes: 5 });
    }
  });
});

describe("refuses before a parser sees them", () => {
  it.each([
    ["brackets", "[".repeat(30_000), "FILE_FORMAT", /^f\.json nests deeper than 64 levels at byte 64/],
    ["braces", '{"a":'.repeat(65), "FILE_FORMAT", /nests deeper than 64 levels/],
    ["one level too many", `${"[".repeat(65)}${"]".repeat(65)}`, "FILE_FORMAT", /nests deeper than 64 levels/],
    [
      "a record that is too long",
      `[{"a":"${"x".repeat(1000)}"}]`,
      "TOO_LARGE",
      /a record of at least 1008 bytes \(number 1\), at most 1000/,
    ],
    ["a record that never ends", `{"a":"${"x".repeat(3_000_000)}`, "TOO_LARGE", /a record of at least \d+ bytes/],
    [
      "too many keys of one record",
      `[{${Array.from({ length: 11 }, (_, key) => `"k${key}":1`).join()}}]`,
      "TOO_LARGE",
      /at least 11 different keys, at most 10/,
    ],
    [
      "too many keys of all records",
      Array.from({ length: 11 }, (_, key) => `{"k${key}":1}`).join("\n"),
      "TOO_LARGE",
      /at least 11 different keys/,
    ],
  ] as const)("%s", async (_, text, code, says) => {
    await expect(check(text)).rejects.toMatchObject({ code, field: "f.json", message: expect.stringMatching(says) as unknown });
  });

  it("takes what reaches each limit", async () => {
    expect(await check(`${"[".repeat(64)}${"]".repeat(64)}`)).toMatchObject({ rowCount: 1 });
    expect(await check(`[{"a":"${"x".repeat(992)}"}]`)).toMatchObject({ rowCount: 1 });
    expect(await check(`[{${Array.from({ length: 10 }, (_, key) => `"k${key}":1`).join()}}]`)).toMatchObject({ columnCount: 10 });
    expect(await check("[{},{},{}]", { rowCountMax: 3 })).toMatchObject({ rowCount: 3 });
  });

  it("too many records, too many values", async () => {
    await expect(check("[{},{},{}]", { rowCountMax: 2 })).rejects.toMatchObject({
      code: "TOO_LARGE",
      expected: "at most 2 records",
      received: "3",
    });
    await expect(check('[{"a":[1,2,3]}]', { valueCountMax: 2 })).rejects.toMatchObject({
      code: "TOO_LARGE",
      expected: "at most 2 values",
    });
  });
});
