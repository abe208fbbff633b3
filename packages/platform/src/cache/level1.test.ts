import { describe, expect, it } from "vitest";
import { createGenerations } from "./generations.ts";
import { detectorTag } from "../ids/tags.ts";
import { detectorBatchEntry, detectorInfoEntry } from "./keys.ts";
import { createLevel1 } from "./level1.ts";

/** What an entry takes beside its value: 400 bytes, and two for each character of its key. */
const entry = detectorInfoEntry("7");
const beside = 400 + 2 * entry.key.length;

function level1Of(bytesMax = 100_000) {
  const time = { now: 0 };
  const generations = createGenerations(100);
  const level1 = createLevel1({ bytesMax, generations, clock: { now: () => time.now } });
  const kept = (changes = {}) => ({
    value: "kept",
    generation: generations.current(),
    expiresAt: 1000,
    sizeBytes: 10,
    ...changes,
  });
  return { level1, time, generations, kept };
}

describe("the cache in memory", () => {
  it("has an entry up to its end, and not at it", () => {
    const { level1, time, kept } = level1Of();
    level1.set(entry, kept());
    time.now = 999;
    expect(level1.get(entry.key)?.value).toBe("kept");
    time.now = 1000;
    expect(level1.get(entry.key)).toBeUndefined();
    expect(level1.stats()).toMatchObject({ entryCount: 0, sizeBytes: 0, evictions: 0 });
  });

  it("takes nothing that is over already", () => {
    const { level1, time, kept } = level1Of();
    time.now = 1000;
    level1.set(entry, kept());
    time.now = 0;
    expect(level1.get(entry.key)).toBeUndefined();
  });

  it("has nothing whose tag was invalidated, neither before it was put there nor after", () => {
    const { level1, generations, kept } = level1Of();
    const old = kept();
    level1.set(entry, old);
    generations.invalidate([detectorTag("7")]);
    expect(level1.get(entry.key)).toBeUndefined();
    expect(level1.stats().entryCount).toBe(0);
    level1.set(entry, old);
    expect(level1.get(entry.key)).toBeUndefined();
    level1.set(entry, kept());
    expect(level1.get(entry.key)?.value).toBe("kept");
  });

  it("takes a value of a quarter of its bytes, and none that is larger", () => {
    const { level1, kept } = level1Of(100_000);
    level1.set(entry, kept({ sizeBytes: 25_000 - beside }));
    expect(level1.stats()).toEqual({ entryCount: 1, sizeBytes: 25_000, bytesMax: 100_000, evictions: 0, tooLarge: 0 });
    level1.set(entry, kept({ sizeBytes: 25_001 - beside }));
    // What it had under this key is older than what it could not take.
    expect(level1.get(entry.key)).toBeUndefined();
    expect(level1.stats()).toMatchObject({ entryCount: 0, sizeBytes: 0, evictions: 0, tooLarge: 1 });
  });

  it("makes room by what was used least lately, and counts it", () => {
    const { level1, kept } = level1Of(100_000);
    const entries = Array.from({ length: 5 }, (_, index) => detectorInfoEntry(String(index)));
    for (const one of entries.slice(0, 4)) level1.set(one, kept({ sizeBytes: 25_000 - beside }));
    level1.get(entries[0].key);
    level1.set(entries[4], kept({ sizeBytes: 25_000 - beside }));
    expect(entries.map(({ key }) => level1.get(key) !== undefined)).toEqual([true, false, true, true, true]);
    expect(level1.stats()).toMatchObject({ entryCount: 4, sizeBytes: 100_000, evictions: 1 });
  });

  it("forgets all", () => {
    const { level1, kept } = level1Of();
    level1.set(entry, kept());
    level1.set(detectorInfoEntry("8"), kept());
    level1.clear();
    expect(level1.stats()).toMatchObject({ entryCount: 0, sizeBytes: 0, evictions: 0 });
  });
});

describe("the key of a list of detectors", () => {
  const suffixOf = (names: readonly string[]) => detectorBatchEntry(names).key.slice("detectors:batch:".length);

  it("holds the names up to 200 characters, and their hash beyond", () => {
    // 99 + 1 + 100: two names and the comma between them.
    const names = ["a".repeat(99), "b".repeat(100)];
    expect(suffixOf(names)).toBe(names.join(","));
    expect(suffixOf(["a".repeat(100), "b".repeat(100)])).toMatch(/^=[0-9a-f]{64}$/);
  });
});
