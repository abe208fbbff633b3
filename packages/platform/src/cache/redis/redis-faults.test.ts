import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startFaultProxy, type FaultProxy } from "../../../test-support/faults/fault-proxy.ts";
import { redisProgram, redisSkipReason, startRedis, type RedisServer } from "../../../test-support/servers/redis.ts";
import { createCache, type Cache, type CacheOptions } from "../cache.ts";
import { detectorTag } from "../../ids/tags.ts";
import { detectorInfoEntry, metadataEntry } from "../keys.ts";
import { createRedisLevel2, type RedisLevel2Options } from "./redis-level2.ts";

const entry = detectorInfoEntry("7");
const tags = [detectorTag("7")];
/** Twice the wait for one call: what a busy machine adds is not what is tested. */
const waitMsMax = 100;
/** Where the wait is not what is tested. */
const patient = { callTimeoutMs: 2000 } as const;
const soonAgain = { breaker: { failureCountMax: 5, windowMs: 10_000, openMs: 50 } } as const;

let redis: RedisServer;

function cacheOf(level2: Partial<RedisLevel2Options> = {}, options: CacheOptions = {}): Cache {
  const cache = createCache({ level2: createRedisLevel2({ url: redis.url, ...level2 }), ...options });
  onTestFinished(() => cache.close());
  return cache;
}

async function openCache(...options: Parameters<typeof cacheOf>): Promise<Cache> {
  const cache = cacheOf(...options);
  await eventually("it hears the others", () => cache.stats().level2?.isSubscribed === true);
  await eventually("it is connected", async () => (await cache.get(metadataEntry("0"), async () => 0)) !== undefined);
  return cache;
}

async function openProxy(): Promise<{ readonly proxy: FaultProxy; readonly url: string }> {
  const proxy = await startFaultProxy({ port: redis.port });
  onTestFinished(() => proxy.close());
  return { proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

const isStored = async (key: string) => (await redis.command("EXISTS", key)) === ":1";
const untilStored = (key: string) => eventually(`${key} is in Redis`, () => isStored(key));
const statsOf = (cache: Cache) => {
  const { level2 } = cache.stats();
  if (level2 === undefined) throw new Error("the cache has no level 2");
  return level2;
};

/** Asks for keys that are nowhere until the breaker is open; @returns the middle one of the waits for that. */
async function askUntilOpen(cache: Cache): Promise<number> {
  const waitsMs: number[] = [];
  for (let i = 0; statsOf(cache).breaker !== "open"; i++) {
    if (i > 20) throw new Error("the breaker stays closed");
    const start = performance.now();
    expect(await cache.get(metadataEntry(`fresh-${i}`), async () => i)).toEqual({ value: i, from: "load" });
    waitsMs.push(performance.now() - start);
  }
  return waitsMs.sort((a, b) => a - b)[Math.floor(waitsMs.length / 2)];
}

describe.skipIf(redisProgram === undefined)(`a cache whose Redis fails${redisSkipReason}`, () => {
  beforeEach(async () => void (redis = await startRedis()));
  afterEach(() => redis?.close());

  it("answers when Redis was never there, and uses it when it comes", async () => {
    await redis.kill();
    const cache = cacheOf(soonAgain);
    expect(await askUntilOpen(cache)).toBeLessThan(waitMsMax);
    expect(statsOf(cache)).toMatchObject({ breaker: "open", breakerOpenings: 1, isSubscribed: false });
    await redis.start();
    await eventually("it subscribes", () => statsOf(cache).isSubscribed);
    await eventually("an entry is shared", async () => {
      await cache.invalidate(tags);
      await cache.get(entry, async () => 1);
      return isStored(entry.key);
    });
    expect(statsOf(cache).breaker).toBe("closed");
  });

  it("answers without Redis when it is killed, waits for it no longer than 50 ms, and counts that", async () => {
    const cache = await openCache();
    await redis.kill();
    expect(await askUntilOpen(cache)).toBeLessThan(waitMsMax);
    expect(statsOf(cache).errors + statsOf(cache).timeouts).toBe(5);
    const start = performance.now();
    await cache.get(metadataEntry("while open"), async () => 1);
    expect(performance.now() - start).toBeLessThan(20);
    expect(statsOf(cache).skipped).toBeGreaterThan(0);
  });

  it("answers without Redis when it is paused, and uses it again when it goes on", async () => {
    const cache = await openCache(soonAgain);
    redis.pause();
    expect(await askUntilOpen(cache)).toBeLessThan(waitMsMax);
    expect(statsOf(cache).timeouts).toBe(5);
    redis.resume();
    await eventually("the breaker closes", async () => {
      await cache.invalidate([]);
      return statsOf(cache).breaker === "closed";
    });
    await cache.get(entry, async () => 1);
    await untilStored(entry.key);
  });

  it("tries a second connection when one does not answer", async () => {
    const { proxy, url } = await openProxy();
    const cache = await openCache({ url, ...patient });
    proxy.cut();
    await cache.get(entry, async () => 1);
    await untilStored(entry.key);
    expect(statsOf(cache)).toMatchObject({ errors: 0, timeouts: 0, breaker: "closed" });
  });

  it("gives up a call that is slower than 50 ms", async () => {
    const { proxy, url } = await openProxy();
    const cache = await openCache({ url });
    proxy.delay(200);
    expect(await askUntilOpen(cache)).toBeLessThan(waitMsMax);
    expect(statsOf(cache).timeouts).toBe(5);
  });

  it("serves nothing old after an invalidation that Redis did not hear, and makes up for it", async () => {
    const { proxy, url } = await openProxy();
    const [cache, other] = [
      await openCache({ url, ...soonAgain, callTimeoutMs: 500 }, { sweepMs: 20 }),
      await openCache(patient),
    ];
    await cache.get(entry, async () => "old");
    await untilStored(entry.key);
    expect((await other.get(entry, async () => "?")).value).toBe("old");
    proxy.blackhole();
    expect(await cache.invalidate(tags)).toBe(false);
    expect(statsOf(cache).pendingInvalidations).toBe(1);
    expect(await cache.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
    proxy.heal();
    await eventually("the invalidation has arrived", () => statsOf(cache).pendingInvalidations === 0);
    await eventually("the other has dropped it", () => other.peek(entry.kind, entry.key) === undefined);
    expect((await other.get(entry, async () => "new")).from).toBe("load");
  });

  it("tells a pending invalidation to Redis before it reads anything there", async () => {
    const { proxy, url } = await openProxy();
    const cache = await openCache({ url, ...patient }, { sweepMs: 3_600_000 });
    await cache.get(entry, async () => "old");
    await untilStored(entry.key);
    proxy.refuse();
    proxy.cut();
    expect(await cache.invalidate(tags)).toBe(false);
    proxy.heal();
    expect(await cache.get(entry, async () => "new")).toEqual({ value: "new", from: "load" });
    expect(statsOf(cache).pendingInvalidations).toBe(0);
  });

  it("keeps stored invalidations until Redis has heard them", async () => {
    const stored = new Map([["a", tags]]);
    let doneWhileDown = 0;
    let isDown = true;
    const pendingInvalidations = {
      take: async () => [...stored].map(([id, tags]) => ({ id, changeId: id, tags })),
      done: async (ids: readonly string[]) => {
        if (isDown) doneWhileDown++;
        for (const id of ids) stored.delete(id);
      },
    };
    await redis.kill();
    const cache = cacheOf(
      { breaker: { failureCountMax: 5, windowMs: 10_000, openMs: 50 } },
      { pendingInvalidations, sweepMs: 20 },
    );
    await eventually("it was tried", () => statsOf(cache).errors + statsOf(cache).timeouts > 2);
    isDown = false;
    await redis.start();
    await eventually("it is done", () => stored.size === 0);
    expect(doneWhileDown).toBe(0);
  });

  it("drops all of level 1 when messages may have been missed", async () => {
    const { proxy, url } = await openProxy();
    const cache = await openCache({ url });
    await cache.get(entry, async () => 1);
    const { gaps } = cache.stats();
    proxy.cut();
    await eventually("it has connected again", () => cache.stats().gaps > gaps);
    expect(cache.peek(entry.kind, entry.key)).toBeUndefined();
  });

  it("finds by its health check that messages no longer arrive over an open connection", async () => {
    const { proxy, url } = await openProxy();
    const cache = await openCache({ url, healthCheckMs: 50 });
    proxy.blackhole();
    await eventually("it notices", () => !statsOf(cache).isSubscribed);
    proxy.heal();
    await eventually("it listens again", () => statsOf(cache).isSubscribed);
  });

  it("opens at most 20 connections: the 21st caller waits for one", async () => {
    const { proxy, url } = await openProxy();
    const level2 = createRedisLevel2({ url, callTimeoutMs: 2000 });
    onTestFinished(() => level2.close());
    proxy.delay(20);
    const answers = Array.from({ length: 60 }, () => level2.ping());
    await eventually("all connections are in use", () => level2.stats().connections.inUse === 20);
    expect(level2.stats().connections).toMatchObject({ capacity: 20, size: 20, waiting: 40 });
    expect(await Promise.all(answers)).not.toContain(false);
    expect(proxy.acceptedCount()).toBe(20);
  });

  it("asks a connection that was idle for 30 s whether it is there before it uses it", async () => {
    const time = { now: 0 };
    const level2 = createRedisLevel2({ url: redis.url, ...patient, clock: { now: () => time.now } });
    onTestFinished(() => level2.close());
    const pings = async () => Number(/cmdstat_ping:calls=(\d+)/.exec(await redis.command("INFO", "commandstats"))?.[1] ?? 0);
    await level2.read("a", []);
    const before = await pings();
    time.now = 29_999;
    await level2.read("a", []);
    expect(await pings()).toBe(before);
    time.now = 59_999;
    await level2.read("a", []);
    expect(await pings()).toBe(before + 1);
  });

  it("speaks to a server that wants a password, and keeps it out of what it shows", async () => {
    await redis.close();
    redis = await startRedis({ settings: ["--requirepass", "secret"] });
    const right = cacheOf({ url: `redis://:secret@127.0.0.1:${redis.port}` });
    await eventually("it subscribes", () => statsOf(right).isSubscribed);
    const wrong = cacheOf({ url: `redis://:wrong@127.0.0.1:${redis.port}` });
    expect(await askUntilOpen(wrong)).toBeLessThan(waitMsMax);
    expect(JSON.stringify(wrong.stats())).not.toContain("wrong");
  });
});
