import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "@nomaly/detect";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { startFaultProxy } from "../../test-support/faults/fault-proxy.ts";
import { redisProgram, redisSkipReason, startRedis } from "../../test-support/servers/redis.ts";
import { createCache, type Cache } from "./cache.ts";
import { detectorInfoEntry } from "./keys.ts";
import { createRedisLevel2 } from "./redis/redis-level2.ts";

/** A busy machine may take its time; what is cut fails at once. */
const callTimeoutMs = 1000;
const entries = ["1", "2", "3"].map(detectorInfoEntry);

/** Versions that only grow, as a database would hold them, and a cache for each process before it. */
async function openProcesses(processCount: number) {
  const redis = await startRedis();
  const proxy = await startFaultProxy({ port: redis.port });
  const breaker = { failureCountMax: 5, windowMs: 10_000, openMs: 20 };
  const open = () =>
    createCache({ level2: createRedisLevel2({ url: `redis://127.0.0.1:${proxy.port}`, callTimeoutMs, breaker }), sweepMs: 20 });
  const caches = Array.from({ length: processCount }, open);
  onTestFinished(async () => {
    for (const cache of caches) await cache.close();
    await proxy.close();
    await redis.close();
  });
  await eventually("all listen", () => caches.every((cache) => cache.stats().level2?.isSubscribed));
  const versions = entries.map(() => 0);

  async function read(cache: Cache, index: number, delayMs: number): Promise<number> {
    const { value } = await cache.get(entries[index], async () => {
      const version = versions[index];
      // What was read is on its way while others write.
      await sleep(delayMs);
      return version;
    });
    return value ?? Number.NaN;
  }

  async function write(cache: Cache, index: number): Promise<number> {
    const version = ++versions[index];
    await cache.invalidate(entries[index].tags);
    return version;
  }

  return { redis, proxy, caches, versions, read, write };
}

/** Readers and writers at once; @returns how often one had an older version than it had to have. */
async function race({ caches, read, write }: Awaited<ReturnType<typeof openProcesses>>, roundCount: number): Promise<number> {
  const random = createRandom(1);
  const draw = (count: number) => random.integer(count);
  let staleCount = 0;
  async function act(): Promise<void> {
    for (let round = 0; round < roundCount; round++) {
      const cache = caches[draw(caches.length)];
      const index = draw(entries.length);
      if (random.uniform() < 0.2) {
        // In one process: what is asked for after the change is never older than the change.
        const version = await write(cache, index);
        if ((await read(cache, index, draw(3))) < version) staleCount++;
      } else {
        await read(cache, index, draw(3));
      }
      await nextTurn();
    }
  }
  await Promise.all(Array.from({ length: 8 }, act));
  return staleCount;
}

describe.skipIf(redisProgram === undefined)(`readers and writers at once${redisSkipReason}`, () => {
  it("never leave an old value in any process", async () => {
    const processes = await openProcesses(3);
    expect(await race(processes, 100)).toBe(0);
    const { caches, versions, read } = processes;
    for (const cache of caches) {
      for (const index of entries.keys()) {
        await eventually(
          "the last version is read everywhere",
          async () => (await read(cache, index, 0)) === versions[index],
          2000,
        );
      }
    }
    const hits = caches.map((cache) => cache.stats().kinds.detectorInfo);
    expect(hits.every(({ level1Hits, level2Hits }) => level1Hits > 0 && level2Hits > 0)).toBe(true);
  });

  it("never leave an old value when Redis is cut off and emptied meanwhile", async () => {
    const processes = await openProcesses(3);
    const { redis, proxy, caches, versions, read } = processes;
    let isOver = false;
    const faults = (async () => {
      for (let round = 0; !isOver; round++) {
        await sleep(15);
        if (round % 3 === 0) proxy.cut();
        if (round % 3 === 1) proxy.refuse();
        if (round % 3 === 2) await redis.command("FLUSHALL");
        await sleep(15);
        proxy.heal();
      }
    })();
    expect(await race(processes, 100)).toBe(0);
    isOver = true;
    await faults;
    await eventually("all invalidations have arrived", () =>
      caches.every((cache) => cache.stats().level2?.pendingInvalidations === 0),
    );
    for (const cache of caches) {
      for (const index of entries.keys()) {
        await eventually(
          "the last version is read everywhere",
          async () => (await read(cache, index, 0)) === versions[index],
          2000,
        );
      }
    }
  });
});
