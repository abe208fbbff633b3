import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { createCache, type CacheOptions } from "./cache.ts";
import { detectorTag, everythingTag } from "../ids/tags.ts";
import { apiKeyEntry, datasetProfileEntry, detectorBatchEntry, detectorInfoEntry, metadataEntry, resultsEntry } from "./keys.ts";

function cacheOf(options: CacheOptions = {}) {
  const time = { now: 1000 };
  const cache = createCache({ clock: { now: () => time.now }, ...options });
  onTestFinished(() => cache.close());
  return { cache, time };
}

const entry = detectorInfoEntry("7");
const tags = [detectorTag("7")];
const loadOf = (value: unknown) => {
  const load = { count: 0, run: async () => (load.count++, value) };
  return load;
};
/** Settles when the test says so. */
function gate<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  return { load: () => promise, resolve, reject };
}

describe("a cache without Redis", () => {
  it.each([[0], [false], [""], [[]], [null]])("keeps %j as a value", async (value) => {
    const { cache } = cacheOf();
    const load = loadOf(value);
    expect(await cache.get(entry, load.run)).toEqual({ value, from: "load" });
    expect(await cache.get(entry, load.run)).toEqual({ value, from: "level1" });
    expect(cache.peek(entry.kind, entry.key)).toEqual(expect.objectContaining({ value }));
    expect(load.count).toBe(1);
  });

  it("remembers for ten seconds that there is nothing, and tells it from not knowing", async () => {
    const { cache, time } = cacheOf();
    const load = loadOf(undefined);
    expect(cache.peek(entry.kind, entry.key)).toBeUndefined();
    await cache.get(entry, load.run);
    expect(cache.peek(entry.kind, entry.key)).toMatchObject({ value: undefined });
    time.now += 9_999;
    expect(await cache.get(entry, load.run)).toEqual({ value: undefined, from: "level1" });
    time.now += 1;
    expect(cache.peek(entry.kind, entry.key)).toBeUndefined();
    expect(await cache.get(entry, load.run)).toEqual({ value: undefined, from: "load" });
    expect(load.count).toBe(2);
    expect(cache.stats().kinds.detectorInfo).toMatchObject({ negativeHits: 2, loads: 2 });
  });

  it.each([
    ["results", 300, resultsEntry({ detectorId: "7", modelVersion: 1, columns: [] })],
    ["metadata", 300, metadataEntry("7")],
    ["a detector", 300, detectorInfoEntry("7")],
    ["a list of detectors", 300, detectorBatchEntry(["lof"])],
    ["a profile", 300, datasetProfileEntry("7")],
    ["an API key", 60, apiKeyEntry("abc")],
  ])("keeps %s for %d s, and no longer", async (_name, seconds, { kind, key, tags }) => {
    const { cache, time } = cacheOf();
    await cache.get({ kind, key, tags }, async () => 1);
    time.now += seconds * 1000 - 1;
    expect(cache.peek(kind, key)).toMatchObject({ value: 1 });
    time.now += 1;
    expect(cache.peek(kind, key)).toBeUndefined();
  });

  it("keeps things for as long as it is told", async () => {
    const { cache, time } = cacheOf({ level1TtlMs: 5000, ttlMs: { detectorInfo: 1000 } });
    await cache.get(entry, async () => 1);
    await cache.get(metadataEntry("7"), async () => 1);
    time.now += 999;
    expect(cache.peek(entry.kind, entry.key)).toBeDefined();
    time.now += 1;
    expect(cache.peek(entry.kind, entry.key)).toBeUndefined();
    time.now += 3999;
    expect(cache.peek("metadata", metadataEntry("7").key)).toBeDefined();
    time.now += 1;
    expect(cache.peek("metadata", metadataEntry("7").key)).toBeUndefined();
  });

  it("loads once for all who ask at the same time", async () => {
    const { cache } = cacheOf();
    const { load, resolve } = gate<number>();
    let loads = 0;
    const answers = Array.from({ length: 100 }, () => cache.get(entry, () => (loads++, load())));
    expect(cache.stats().flights).toBe(1);
    resolve(5);
    for (const answer of await Promise.all(answers)) expect(answer).toEqual({ value: 5, from: "load" });
    expect(loads).toBe(1);
    expect(cache.stats()).toMatchObject({ flights: 0, kinds: { detectorInfo: { misses: 100, loads: 1 } } });
  });

  it("tells a failing load to all who wait, and keeps nothing of it", async () => {
    const { cache } = cacheOf();
    const { load, reject } = gate<number>();
    const answers = [cache.get(entry, load), cache.get(entry, load)];
    reject(new Error("no database"));
    for (const answer of await Promise.allSettled(answers)) expect(answer.status).toBe("rejected");
    expect(await cache.get(entry, async () => 1)).toEqual({ value: 1, from: "load" });
    expect(cache.stats().kinds.detectorInfo.loadFailures).toBe(1);
  });

  it("lets a caller go without taking the answer from the others", async () => {
    const { cache } = cacheOf();
    const { load, resolve } = gate<number>();
    const controller = new AbortController();
    let stopped: AbortSignal | undefined;
    const gone = cache.get(entry, (stop) => ((stopped = stop), load()), controller.signal);
    const stays = cache.get(entry, load);
    controller.abort();
    await expect(gone).rejects.toMatchObject({ code: "ABORTED" });
    expect(stopped?.aborted).toBe(false);
    resolve(1);
    expect((await stays).value).toBe(1);
    // There is nothing left to stop.
    expect(stopped?.aborted).toBe(false);
  });

  it("stops a load that nobody waits for any more, and starts anew for the next", async () => {
    const { cache } = cacheOf();
    const controller = new AbortController();
    let stopped: AbortSignal | undefined;
    const gone = cache.get(entry, (stop) => ((stopped = stop), gate<number>().load()), controller.signal);
    controller.abort();
    await expect(gone).rejects.toMatchObject({ code: "ABORTED" });
    expect(stopped?.aborted).toBe(true);
    expect(await cache.get(entry, async () => 2)).toEqual({ value: 2, from: "load" });
  });

  it("forgets every entry of an invalidated tag, and no other", async () => {
    const { cache } = cacheOf();
    const results = resultsEntry({ detectorId: "7", modelVersion: 1, columns: [] });
    const entries = [entry, metadataEntry("7"), results];
    for (const each of [...entries, metadataEntry("8")]) await cache.get(each, async () => 1);
    expect(await cache.invalidate(tags)).toBe(true);
    for (const { kind, key } of entries) expect(cache.peek(kind, key)).toBeUndefined();
    expect(cache.peek("metadata", metadataEntry("8").key)).toBeDefined();
    await cache.invalidate([everythingTag]);
    expect(cache.peek("metadata", metadataEntry("8").key)).toBeUndefined();
  });

  it("keeps nothing of a reader that a writer overtook", async () => {
    const { cache } = cacheOf();
    const { load, resolve } = gate<string>();
    const reader = cache.get(entry, load);
    await cache.invalidate(tags);
    resolve("old");
    expect((await reader).value).toBe("old");
    expect(cache.peek(entry.kind, entry.key)).toBeUndefined();
    expect(await cache.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
  });

  it("keeps what a reader that came after the writer has loaded, though an older reader ends later", async () => {
    const { cache } = cacheOf();
    const old = gate<string>();
    const overtaken = cache.get(entry, old.load);
    await cache.invalidate(tags);
    // Not the answer of the load under way: that one began before the change.
    expect(await cache.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
    old.resolve("old");
    await overtaken;
    expect(cache.peek(entry.kind, entry.key)).toMatchObject({ value: "new" });
  });

  it("stays within its bytes, and counts what made room", async () => {
    const { cache } = cacheOf({ level1BytesMax: 100_000 });
    for (let i = 0; i < 100; i++) await cache.get(metadataEntry(`${i}`), async () => new Uint8Array(5000));
    const { level1 } = cache.stats();
    expect(level1.sizeBytes).toBeLessThanOrEqual(100_000);
    expect(level1.entryCount).toBeGreaterThan(10);
    expect(level1.evictions).toBe(100 - level1.entryCount);
  });

  it("answers, but does not keep, what is too large or is no JSON", async () => {
    const { cache } = cacheOf({ level1BytesMax: 100_000 });
    expect((await cache.get(metadataEntry("1"), async () => new Uint8Array(30_000))).value).toHaveLength(30_000);
    expect(await cache.get(metadataEntry("2"), async () => Number.NaN)).toEqual({ value: Number.NaN, from: "load" });
    expect(cache.stats()).toMatchObject({ refused: 1, level1: { entryCount: 0, tooLarge: 1 } });
  });

  it("takes a value made elsewhere, where the key says all it depends on", () => {
    const { cache } = cacheOf();
    const results = resultsEntry({ detectorId: "7", modelVersion: 1, columns: [] });
    cache.put(results, [1, 2]);
    expect(cache.peek("results", results.key)).toMatchObject({ value: [1, 2] });
    expect(() => cache.put(entry, 1)).toThrow(/does not pin/);
  });

  it("stops loads under way when it is closed", async () => {
    const { cache } = cacheOf();
    let stopped: AbortSignal | undefined;
    const waiting = cache.get(entry, async (stop) => {
      stopped = stop;
      await eventually("the load is stopped", () => stop.aborted);
      throw new Error("stopped");
    });
    await eventually("it runs", () => stopped !== undefined);
    await cache.close();
    await expect(waiting).rejects.toThrow("stopped");
    expect(stopped?.aborted).toBe(true);
  });
});

describe("stored invalidations", () => {
  it("are worked off at the start and then every few seconds", async () => {
    const stored = [{ id: "a", changeId: "first", tags }];
    const done: string[] = [];
    const pendingInvalidations = {
      take: async () => stored.splice(0),
      done: async (ids: readonly string[]) => void done.push(...ids),
    };
    const { cache } = cacheOf({ pendingInvalidations, sweepMs: 20 });
    await eventually("the first is done", () => done.includes("a"));
    await cache.get(entry, async () => 1);
    stored.push({ id: "b", changeId: "second", tags });
    await eventually("the second is done", () => done.includes("b"));
    expect(cache.peek(entry.kind, entry.key)).toBeUndefined();
  });

  it("are tried again after the database was away", async () => {
    let isAway = true;
    const done: string[] = [];
    const pendingInvalidations = {
      take: async () => {
        if (isAway) throw new Error("away");
        return done.length === 0 ? [{ id: "a", changeId: "first", tags }] : [];
      },
      done: async (ids: readonly string[]) => void done.push(...ids),
    };
    const { cache } = cacheOf({ pendingInvalidations, sweepMs: 20 });
    await eventually("a sweep failed", () => cache.stats().sweepFailures > 0);
    isAway = false;
    await eventually("it is done", () => done.length === 1);
  });
});
