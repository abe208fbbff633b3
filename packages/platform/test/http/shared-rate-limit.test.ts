import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRedisCounts, type RedisCounts } from "../../src/cache/redis/redis-counts.ts";
import { createRateLimit, type RateLimit, type SharedCounts } from "../../src/http/gate/rate-limit.ts";
import type { OpenDatabase } from "../../src/store/postgres/open-database.ts";
import { addToRequestCount } from "../../src/store/tables/request-counts.ts";
import { eventually } from "../../test-support/eventually.ts";
import { startTestServer, type TestServer } from "../../test-support/servers/postgres.ts";
import { redisSkipReason, type RedisServer, startRedis } from "../../test-support/servers/redis.ts";
import { openTestStore } from "../../test-support/servers/store.ts";

interface Place {
  readonly counts: SharedCounts;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

async function inRedis(): Promise<Place> {
  const server: RedisServer = await startRedis();
  // One for each process; here both may use it.
  const counts: RedisCounts = createRedisCounts({ url: server.url, callTimeoutMs: 500, installationId: "one" });
  return {
    counts,
    pause: () => server.pause(),
    resume: () => server.resume(),
    async close() {
      counts.close();
      await server.close();
    },
  };
}

async function inDatabase(): Promise<Place> {
  const server: TestServer = await startTestServer();
  const { database }: { database: OpenDatabase } = await openTestStore(server, { acquireTimeoutMs: 500 });
  return {
    counts: { add: (key, count, life) => addToRequestCount(database, key, count, life), atOnceMax: 4 },
    pause: () => server.pause(),
    resume: () => server.resume(),
    async close() {
      await database.close();
      await server.stop();
    },
  };
}

const limit = 60;
/** A tenth of the limit for each process. */
const slack = 6;
/** Requests that come while an answer is under way. */
const onTheWay = 2;

const places = [
  { name: `Redis${redisSkipReason}`, open: inRedis, isMissing: redisSkipReason !== "" },
  { name: "PostgreSQL", open: inDatabase, isMissing: false },
];

for (const { name, open, isMissing } of places) {
  describe.skipIf(isMissing)(`the limit of two processes that share their counts in ${name}`, () => {
    let place: Place;
    beforeAll(async () => {
      place = await open();
      // The first call opens the connection.
      await place.counts.add("first", 1, { lifeMs: 1000, windowMs: 1000 });
    });
    afterAll(() => place.close());

    const processes = (windowMs: number) => [1, 2].map(() => createRateLimit({ limit, windowMs, shared: place.counts }));

    /** Requests with time for an answer between them. @returns how many were let through. */
    async function ask(limiters: readonly RateLimit[], caller: string, askedCount = 3 * limit): Promise<number> {
      let allowedCount = 0;
      for (let index = 0; index < askedCount; index++) {
        if (limiters[index % limiters.length].take(caller).isAllowed) allowedCount++;
        await sleep(4);
      }
      return allowedCount;
    }

    it("lets through the limit, and at most a block for each process more", { timeout: 20_000 }, async () => {
      const allowedCount = await ask(processes(60_000), "evenly");
      expect(allowedCount).toBeGreaterThanOrEqual(limit);
      expect(allowedCount).toBeLessThanOrEqual(limit + 2 * (slack + onTheWay));
    });

    it("lets through a block in one process after the other has used all up, and tells when to come again", async () => {
      const [one, other] = processes(20_000);
      for (let index = 0; index < 2 * limit; index++) one.take("one after the other");
      await sleep(50);
      one.take("one after the other");
      await sleep(50);
      expect(one.take("one after the other")).toMatchObject({ isAllowed: false, remaining: 0 });
      await sleep(1100);
      expect(await ask([other], "one after the other", 30)).toBeLessThanOrEqual(slack + onTheWay);
      const [first, second] = [one, other].map((each) => each.take("one after the other"));
      // The window of the second process began a second later and ends with that of the first.
      expect(second.resetSeconds).toBe(first.resetSeconds);
      expect(second).toMatchObject({ isAllowed: false, remaining: 0, limit });
      expect(other.isOver("one after the other")).toBe(true);
    });

    it("counts each caller by itself, and anew in the next window, in both processes", async () => {
      const both = processes(700);
      for (const each of both) for (let index = 0; index < limit; index++) each.take("again");
      await sleep(50);
      expect(both.map((each) => each.take("again").isAllowed)).toEqual([false, false]);
      expect(both.map((each) => each.take("somebody else").isAllowed)).toEqual([true, true]);
      await sleep(750);
      expect(await ask(both, "again", limit)).toBe(limit);
    });

    it("begins anew a count that ends later than a window from now, as after a clock was set back, and no other", async () => {
      const ofOneSecond = { lifeMs: 1000, windowMs: 1000 };
      await place.counts.add("of a later time", 5, { lifeMs: 60_000, windowMs: 60_000 });
      const anew = await place.counts.add("of a later time", 1, ofOneSecond);
      expect(anew.count).toBe(1);
      expect(anew.endsInMs).toBeLessThanOrEqual(1000);
      await place.counts.add("of now", 5, ofOneSecond);
      expect((await place.counts.add("of now", 1, ofOneSecond)).count).toBe(6);
    });

    it("lets each process count alone while the counts are away, without a wait, and together again later", async () => {
      const both = processes(60_000);
      place.pause();
      const start = performance.now();
      for (const each of both) {
        for (let index = 0; index < limit; index++) expect(each.take("away").isAllowed).toBe(true);
        expect(each.take("away").isAllowed).toBe(false);
      }
      expect(performance.now() - start).toBeLessThan(400);
      // Their calls end, and the pause after a failure begins.
      await sleep(2500);
      place.resume();
      const [one, other] = both;
      let round = 0;
      await eventually("they count together", async () => {
        const caller = `back ${++round}`;
        for (let index = 0; index < limit; index++) one.take(caller);
        await sleep(50);
        return (await ask([other], caller, 2 * slack)) < 2 * slack;
      });
    });
  });
}
