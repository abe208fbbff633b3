import { NomalyError } from "@nomaly/detect";
import { Dictionary, Int32, Table, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";
import { expect, it } from "vitest";
import { damagedFiles, originalFiles } from "../../../test-support/attacks/damaged-files.ts";
import { arrowRows } from "./arrow-rows.ts";

const limits = { rowCountMax: 10_000, columnCountMax: 1000, valueCountMax: 1 << 20 };
const bodyCount = 1200;
/** Far more than any of them takes; damaged lengths had the library loop for minutes. */
const msMax = 5000;

it("1,200 damaged bodies are read or refused with a code, each at once", { timeout: 120_000 }, async () => {
  const originals = (await originalFiles()).filter(({ name }) => name.endsWith(".arrow"));
  const faults: string[] = [];
  let readCount = 0;
  for (const { bytes, seed, what } of damagedFiles(originals, { count: bodyCount, seed: 5000 })) {
    const start = performance.now();
    try {
      arrowRows(bytes, limits);
      readCount++;
    } catch (error) {
      if (!(error instanceof NomalyError)) faults.push(`seed ${seed} (${what}): ${String(error)}`);
    }
    const tookMs = performance.now() - start;
    if (tookMs > msMax) faults.push(`seed ${seed} (${what}): took ${tookMs} ms`);
  }
  expect(faults).toEqual([]);
  expect(readCount).toBeGreaterThan(10);
});

it("a dictionary's text counts in every row that has it", () => {
  const body = (rowCount: number) => {
    const texts = Array.from({ length: rowCount }, () => "x".repeat(1024 ** 2));
    return tableToIPC(new Table({ t: vectorFromArray(texts, new Dictionary(new Utf8(), new Int32())) }), "stream");
  };
  expect(arrowRows(body(10), limits)).toMatchObject({ rowCount: 10 });
  // 256 MiB are taken; the body itself has one.
  expect(arrowRows(body(256), limits)).toMatchObject({ rowCount: 256 });
  expect(() => arrowRows(body(257), limits)).toThrow(
    expect.objectContaining({ code: "TOO_LARGE", field: "body", expected: `at most ${256 * 1024 ** 2} bytes of texts` }),
  );
});
