import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { redisProgram, redisSkipReason, startRedis, type RedisServer } from "../../../test-support/servers/redis.ts";
import { createCache, type Cache, type CacheOptions } from "../cache.ts";
import { detectorTag, everythingTag } from "../../ids/tags.ts";
import { apiKeyEntry, datasetProfileEntry, detectorBatchEntry, detectorInfoEntry, metadataEntry, resultsEntry } from "../keys.ts";
import { createRedisLevel2, type RedisLevel2Options } from "./redis-level2.ts";

const entry = detectorInfoEntry("7");
const tags = [detectorTag("7")];

/** Not what is tested here: a busy machine may take its time. */
const callTimeoutMs = 5000;

let redis: RedisServer;

async function openCache(level2: Partial<RedisLevel2Options> = {}, options: CacheOptions = {}): Promise<Cache> {
  const cache = createCache({ level2: createRedisLevel2({ url: redis.url, callTimeoutMs, ...level2 }), ...options });
  onTestFinished(() => cache.close());
  await eventually("it hears the others", () => cache.stats().level2?.isSubscribed === true);
  return cache;
}

const isStored = async (key: string) => (await redis.command("EXISTS", key)) === ":1";
const untilStored = (key: string) => eventually(`${key} is in Redis`, () => isStored(key));

describe.skipIf(redisProgram === undefined)(`a cache with Redis${redisSkipReason}`, () => {
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis?.close());
  beforeEach(async () => void (await redis.command("FLUSHALL")));

  it.each([
    [0],
    [false],
    [""],
    [[]],
    [null],
    [undefined],
    [{ a: [1, 2, { b: "\u20ac".repeat(2000) }] }],
    [Uint8Array.of(1, 2, 255)],
  ])("gives %j to another process", async (value) => {
    const [one, two] = [await openCache(), await openCache()];
    await one.get(entry, async () => value);
    await untilStored(entry.key);
    expect(await two.get(entry, async () => "loaded again")).toEqual({ value, from: "level2" });
    expect(await two.get(entry, async () => "loaded again")).toEqual({ value, from: "level1" });
  });

  const results = resultsEntry({ detectorId: "7", modelVersion: 1, columns: [] });
  it.each([
    ["results", 3600, results, [1]],
    ["metadata", 86_400, metadataEntry("7"), 1],
    ["a detector", 300, entry, 1],
    ["a list of detectors", 300, detectorBatchEntry(["lof"]), 1],
    ["a profile", 3600, datasetProfileEntry("7"), 1],
    ["that there is no detector", 10, entry, undefined],
    ["that there is no model", 10, metadataEntry("7"), undefined],
  ])("keeps %s for %d s, and no longer", async (...[, seconds, each, value]) => {
    const cache = await openCache();
    const start = performance.now();
    if (each === results) cache.put(each, value);
    else await cache.get(each, async () => value);
    await untilStored(each.key);
    const ttlMs = Number((await redis.command("PTTL", each.key)).slice(1));
    // Redis counts from when it was written: at the earliest when this began.
    expect(ttlMs).toBeGreaterThan(seconds * 1000 - (performance.now() - start) - 1);
    expect(ttlMs).toBeLessThanOrEqual(seconds * 1000);
  });

  it("takes away what is over its time", async () => {
    const [one, two] = [await openCache({}, { ttlMs: { detectorInfo: 100 } }), await openCache()];
    await one.get(entry, async () => 1);
    await untilStored(entry.key);
    await eventually("it is gone", async () => !(await isStored(entry.key)));
    expect(await two.get(entry, async () => 2)).toEqual({ value: 2, from: "load" });
  });

  it("keeps nothing of an API key", async () => {
    const cache = await openCache();
    await cache.get(apiKeyEntry("abc"), async () => "admin");
    // Written after it, and so in Redis after it.
    await cache.get(entry, async () => 1);
    await untilStored(entry.key);
    expect(await isStored(apiKeyEntry("abc").key)).toBe(false);
  });

  it("promotes for no longer than the entry has left", async () => {
    const time = { now: 0 };
    const [one, two] = [await openCache(), await openCache({}, { clock: { now: () => time.now } })];
    await one.get(entry, async () => 1);
    await untilStored(entry.key);
    const start = performance.now();
    await redis.command("PEXPIRE", entry.key, "200000");
    expect((await two.get(entry, async () => 2)).from).toBe("level2");
    // What has passed in Redis meanwhile, in milliseconds begun.
    time.now = 200_000 - Math.ceil(performance.now() - start) - 1;
    expect(two.peek(entry.kind, entry.key)).toBeDefined();
    time.now = 200_000;
    expect(two.peek(entry.kind, entry.key)).toBeUndefined();
  });

  it("promotes for no longer than 300 s, however long the entry has left", async () => {
    const time = { now: 0 };
    const [one, two] = [await openCache(), await openCache({}, { clock: { now: () => time.now } })];
    const { kind, key, tags } = metadataEntry("7");
    await one.get({ kind, key, tags }, async () => 1);
    await untilStored(key);
    expect((await two.get({ kind, key, tags }, async () => 2)).from).toBe("level2");
    time.now = 299_999;
    expect(two.peek(kind, key)).toBeDefined();
    time.now = 300_000;
    expect(two.peek(kind, key)).toBeUndefined();
  });

  it("promotes that there is nothing for no longer than 10 s", async () => {
    const time = { now: 0 };
    const [one, two] = [await openCache(), await openCache({}, { clock: { now: () => time.now } })];
    await one.get(entry, async () => undefined);
    await untilStored(entry.key);
    await redis.command("PEXPIRE", entry.key, "200000");
    expect(await two.get(entry, async () => 2)).toEqual({ value: undefined, from: "level2" });
    time.now = 9_999;
    expect(two.peek(entry.kind, entry.key)).toBeDefined();
    time.now = 10_000;
    expect(two.peek(entry.kind, entry.key)).toBeUndefined();
  });

  it("reaches other processes at once when it invalidates, in both levels", async () => {
    const [one, two] = [await openCache(), await openCache()];
    await one.get(entry, async () => "old");
    await untilStored(entry.key);
    await two.get(entry, async () => "never");
    expect(await one.invalidate(tags)).toBe(true);
    await eventually("the other has dropped it", () => two.peek(entry.kind, entry.key) === undefined);
    expect(await two.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
    await eventually(
      "the new one is shared",
      async () => (await (await openCache()).get(entry, async () => "?")).value === "new",
    );
  });

  it("invalidates by as many commands however many entries there are", async () => {
    const cache = await openCache();
    const entries = Array.from({ length: 500 }, (_, row) =>
      resultsEntry({ detectorId: "7", modelVersion: 1, columns: [{ kind: "number", name: "a", values: Float64Array.of(row) }] }),
    );
    for (const each of entries) {
      await cache.get(each, async () => 1);
      await untilStored(each.key);
    }
    await redis.command("CONFIG", "RESETSTAT");
    await cache.invalidate(tags);
    const calls = await redis.command("INFO", "commandstats");
    expect(calls).toMatch(/cmdstat_set:calls=1,/);
    expect(calls).not.toMatch(/cmdstat_(keys|scan|del|unlink)/);
    const { from } = await cache.get(entries[0], async () => 2);
    expect(from).toBe("load");
  });

  it("keeps what was cached after a change, by whatever ways and however often both processes hear of it", async () => {
    const [one, two] = [await openCache(), await openCache()];
    await one.get(entry, async () => "old");
    await untilStored(entry.key);
    await two.get(entry, async () => "?");
    expect(await one.invalidate(tags, "the change")).toBe(true);
    await eventually("the other has dropped it", () => two.peek(entry.kind, entry.key) === undefined);
    expect(await one.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
    await eventually("it is shared", async () => (await (await openCache()).get(entry, async () => "?")).from === "level2");
    expect(await two.get(entry, async () => "?")).toEqual({ value: "new", from: "level2" });
    // By PostgreSQL, and by a sweep.
    for (const cache of [one, two, one, two]) expect(await cache.invalidate(tags, "the change")).toBe(true);
    for (const cache of [one, two]) {
      expect(await cache.get(entry, async () => "?")).toEqual({ value: "new", from: "level1" });
      expect(cache.stats().invalidations).toBe(1);
    }
    expect(await (await openCache()).get(entry, async () => "?")).toEqual({ value: "new", from: "level2" });
  });

  it("says that there was a change, when another process made it, before anybody can load what it changed", async () => {
    const heard: boolean[] = [];
    const isDropped = () => two.peek(entry.kind, entry.key) === undefined;
    const [one, two]: readonly Cache[] = [
      await openCache(),
      await openCache({}, { onForeignChange: () => heard.push(isDropped()) }),
    ];
    await two.get(entry, async () => "old");
    await one.invalidate(tags, "the change");
    await eventually("the other has dropped it", isDropped);
    expect(heard).toEqual([false]);
  });

  it("takes no old entry from Redis where a process hears of a change before Redis does", async () => {
    const [maker, other] = [await openCache(), await openCache()];
    await maker.get(entry, async () => "old");
    await untilStored(entry.key);
    // The notification of PostgreSQL; the maker has not come to tell Redis.
    const heard = other.invalidate(tags, "the change");
    expect(await other.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
    await heard;
    await maker.invalidate(tags, "the change");
    expect(await other.get(entry, async () => "?")).toEqual({ value: "new", from: "level1" });
  });

  it("drops once more where Redis has lost the mark of a change", async () => {
    const [one, two] = [await openCache(), await openCache()];
    await one.invalidate(tags, "the change");
    await one.get(entry, async () => 1);
    await untilStored(entry.key);
    await redis.command("DEL", "change:the change");
    await two.invalidate(tags, "the change");
    expect((await two.get(entry, async () => 2)).from).toBe("load");
  });

  it("keeps the version of everything for ever, other versions and marks of changes for a time", async () => {
    const cache = await openCache();
    const ttlOf = async (key: string) => Number((await redis.command("TTL", key)).slice(1));
    await cache.get(entry, async () => 1);
    await untilStored(entry.key);
    expect(await ttlOf("tag:everything")).toBe(-1);
    expect(await ttlOf("tag:detector:7")).toBeGreaterThan(172_790);
    expect(await ttlOf("tag:detector:7")).toBeLessThanOrEqual(172_800);
    await cache.invalidate([everythingTag, ...tags], "the change");
    expect(await ttlOf("tag:everything")).toBe(-1);
    expect(await ttlOf("tag:detector:7")).toBeGreaterThan(172_790);
    expect(await ttlOf("tag:detector:7")).toBeLessThanOrEqual(172_800);
    expect(await ttlOf("change:the change")).toBeGreaterThan(3590);
    expect(await ttlOf("change:the change")).toBeLessThanOrEqual(3600);
  });

  it("leaves nothing old where a reader loads before the change and writes after it", async () => {
    const [reader, writer] = [await openCache(), await openCache()];
    const { promise, resolve } = Promise.withResolvers<string>();
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const reading = reader.get(entry, () => (start(), promise));
    await started;
    await writer.invalidate(tags);
    resolve("old");
    expect((await reading).value).toBe("old");
    // Also after whatever the reader writes in the background has arrived.
    await reader.close();
    expect(await writer.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
  });

  it("leaves nothing old where the message of the change comes before the reader writes, or not at all", async () => {
    const level2 = createRedisLevel2({ url: redis.url, callTimeoutMs });
    onTestFinished(() => level2.close());
    const before = await level2.read(entry.key, tags);
    const writer = await openCache();
    await writer.invalidate(tags);
    const encoded = Uint8Array.of(0x11, 0x31);
    expect(await level2.write({ key: entry.key, tags, encoded, ttlMs: 60_000, stamp: before?.stamp })).toBe(true);
    expect(await isStored(entry.key)).toBe(true);
    expect(await writer.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
  });

  it("shares what was loaded after the change", async () => {
    const [reader, writer] = [await openCache(), await openCache()];
    await writer.invalidate(tags);
    await reader.get(entry, async () => "new");
    await untilStored(entry.key);
    expect(await writer.get(entry, async () => "?")).toEqual({ value: "new", from: "level2" });
  });

  it("takes no entry for valid again when the server has lost the versions of tags", async () => {
    const cache = await openCache({}, { level1BytesMax: 1000 });
    await cache.get(entry, async () => "old");
    await untilStored(entry.key);
    await redis.command("DEL", "tag:detector:7");
    expect((await cache.get(entry, async () => "new")).from).toBe("load");
  });

  it("takes no entry for valid that a snapshot brought back", async () => {
    const cache = await openCache();
    await cache.get(entry, async () => "old");
    await untilStored(entry.key);
    expect(await redis.command("SAVE")).toBe("+OK");
    await cache.invalidate(tags);
    await redis.kill();
    await redis.start();
    expect(await isStored(entry.key)).toBe(true);
    const other = await openCache();
    expect(await other.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
  });

  it("loads again when Redis was emptied", async () => {
    const cache = await openCache({}, { level1BytesMax: 1000 });
    await cache.get(entry, async () => 1);
    await untilStored(entry.key);
    await redis.command("FLUSHALL");
    expect((await cache.get(entry, async () => 2)).from).toBe("load");
    await untilStored(entry.key);
    expect((await cache.get(entry, async () => 3)).from).toBe("level2");
  });

  it("loads what is no entry, and counts it", async () => {
    const cache = await openCache({}, { level1BytesMax: 1000 });
    await cache.get(entry, async () => 1);
    await untilStored(entry.key);
    // Its codec and version; the stamp at its end stays right.
    await redis.command("SETRANGE", entry.key, "0", "?");
    expect(await cache.get(entry, async () => 2)).toEqual({ value: 2, from: "load" });
    expect(cache.stats().unreadable).toBe(1);
  });
});
