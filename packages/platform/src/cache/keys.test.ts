import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as tags from "../ids/tags.ts";
import {
  apiKeyEntry,
  dataHash,
  datasetProfileEntry,
  detectorBatchEntry,
  detectorInfoEntry,
  metadataEntry,
  resultsEntry,
  type HashedColumn,
} from "./keys.ts";

const number = (name: string, ...values: number[]): HashedColumn => ({ kind: "number", name, values: Float64Array.from(values) });
const text = (name: string, ...values: (string | null)[]): HashedColumn => ({ kind: "text", name, values });

describe("tags", () => {
  it("are those that the tables announce with a change", () => {
    const id = "0199f0a2-7b1c-7000-8000-000000000001";
    expect(detectorInfoEntry(id).tags).toEqual([tags.detectorTag(id)]);
    expect(metadataEntry(id).tags).toEqual([tags.detectorTag(id)]);
    expect(resultsEntry({ detectorId: id, modelVersion: 1, columns: [] }).tags).toEqual([tags.detectorTag(id)]);
    expect(detectorBatchEntry(["lof"]).tags).toEqual([tags.detectorsTag]);
    expect(datasetProfileEntry(id).tags).toEqual([tags.datasetTag(id)]);
    expect(apiKeyEntry(id).tags).toEqual([tags.apiKeyTag(id)]);
  });
});

describe("keys", () => {
  it("are those of the families", () => {
    expect(metadataEntry("7").key).toBe("model:metadata:7");
    expect(detectorInfoEntry("7").key).toBe("detector:info:7");
    expect(detectorBatchEntry(["lof", "hbos"]).key).toBe("detectors:batch:hbos,lof");
    const { key } = resultsEntry({ detectorId: "7", modelVersion: 3, columns: [number("a", 1)] });
    expect(key).toMatch(/^detection:results:7:v3-[0-9a-f]{64}$/);
  });

  it("tell ids apart that hold separators", () => {
    expect(metadataEntry("a:b").key).toBe("model:metadata:a%3Ab");
    expect(metadataEntry("a\ud800").key).toContain("model:metadata:a");
  });
});

describe("the key of a list of names", () => {
  it("is the same in any order", () => {
    expect(detectorBatchEntry(["b", "a", "b"]).key).toBe(detectorBatchEntry(["a", "b"]).key);
  });

  it("is never shared by two lists", () => {
    const names = fc.array(fc.oneof(fc.constantFrom("a", "b", "a,b", "a:b", "=", ""), fc.string({ unit: "grapheme" })), {
      maxLength: 6,
    });
    const setOf = (list: string[]) => JSON.stringify([...new Set(list.map((name) => name.toWellFormed()))].sort());
    fc.assert(
      fc.property(names, names, (left, right) => {
        const isSameKey = detectorBatchEntry(left).key === detectorBatchEntry(right).key;
        // The empty list and the list of the empty name: neither is ever asked for.
        if (left.length === 0 || right.length === 0) return;
        expect(isSameKey).toBe(setOf(left) === setOf(right));
      }),
      { numRuns: 1000 },
    );
  });

  it("is short for a long list", () => {
    const long = Array.from({ length: 500 }, (_, index) => `algorithm-${index}`);
    expect(detectorBatchEntry(long).key).toMatch(/^detectors:batch:=[0-9a-f]{64}$/);
    expect(detectorBatchEntry(long).key).not.toBe(detectorBatchEntry(long.slice(1)).key);
  });
});

describe("the hash of a table", () => {
  const base = { modelVersion: 1, columns: [number("a", 1, 2), text("b", "x", null)] };

  it("is the same for equal tables, wherever their numbers lie", () => {
    const shifted = new Float64Array([9, 1, 2]).subarray(1);
    expect(dataHash({ ...base, columns: [{ kind: "number", name: "a", values: shifted }, base.columns[1]] })).toBe(
      dataHash(base),
    );
  });

  it.each<[string, Partial<{ modelVersion: number; variant: string; columns: HashedColumn[] }>]>([
    ["model version", { modelVersion: 2 }],
    ["kind of answer", { variant: "explain" }],
    ["value", { columns: [number("a", 1, 3), base.columns[1]] }],
    ["last bit of a value", { columns: [number("a", 1, 2 + Number.EPSILON * 2), base.columns[1]] }],
    ["name", { columns: [number("c", 1, 2), base.columns[1]] }],
    ["order of columns", { columns: [...base.columns].reverse() }],
    ["order of rows", { columns: [number("a", 2, 1), base.columns[1]] }],
    ["type", { columns: [text("a", "1", "2"), base.columns[1]] }],
    ["missing value", { columns: [base.columns[0], text("b", "x", "null")] }],
    ["number of rows", { columns: [number("a", 1), text("b", "x")] }],
  ])("is another one for another %s", (_name, change) => {
    expect(dataHash({ ...base, ...change })).not.toBe(dataHash(base));
  });
});

describe("the hash of content that is not read", () => {
  const content = { sha256: "a".repeat(64), format: "csv" };
  const base = { modelVersion: 1, variant: "explain 10", content };

  it("is the same for the same question, and has the form of any other", () => {
    expect(dataHash({ ...base, content: { ...content } })).toBe(dataHash(base));
    const entry = resultsEntry({ detectorId: "7", ...base });
    expect(entry.key).toBe(`detection:results:7:v1-${dataHash(base)}`);
    expect(entry.tags).toEqual([tags.detectorTag("7")]);
  });

  it.each([
    ["model version", { modelVersion: 2 }],
    ["kind of answer", { variant: "explain 11" }],
    ["content", { content: { ...content, sha256: "b".repeat(64) } }],
    ["format", { content: { ...content, format: "json" } }],
  ])("is another one for another %s", (_name, change) => {
    expect(dataHash({ ...base, ...change })).not.toBe(dataHash(base));
  });

  it("is never that of a table of columns", () => {
    const columns = [text("content", "csv", content.sha256)];
    expect(dataHash({ modelVersion: 1, variant: base.variant, columns })).not.toBe(dataHash(base));
    expect(dataHash({ modelVersion: 1, variant: base.variant, columns: [] })).not.toBe(dataHash(base));
  });
});
