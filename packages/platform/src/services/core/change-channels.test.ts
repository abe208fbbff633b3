import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { openContext, type OpenContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { redisProgram, redisSkipReason, startRedis, type RedisServer } from "../../../test-support/servers/redis.ts";
import type { KindStats } from "../../cache/cache-stats.ts";
import { takeInvalidations } from "../../store/tables/cache-invalidations.ts";
import { changeDetector, createDetector, getDetector } from "../detectors/detectors.ts";

describe.skipIf(redisProgram === undefined)(
  `a change, in two processes on one PostgreSQL and one Redis${redisSkipReason}`,
  () => {
    let server: TestDatabase;
    let redis: RedisServer;
    let open: () => Promise<OpenContext>;
    let processes: readonly OpenContext[];
    beforeAll(async () => {
      [server, redis] = await Promise.all([startTestDatabase(), startRedis()]);
      const url = await server.createDatabase();
      // A busy machine may take its time: what is tested is not the wait for Redis.
      open = () => openContext(url, { redis_url: redis.url, redis_call_timeout_ms: "5000" });
      processes = [await open(), await open()];
      await eventually("both hear Redis", () => processes.every((one) => statsOf(one).level2?.isSubscribed));
    });
    afterAll(async () => {
      for (const one of processes) await one.close();
      await redis.close();
      await server.stop();
    });

    const nameIn = async ({ context }: OpenContext, id: string) => (await getDetector(context, id)).name;
    const statsOf = ({ context }: OpenContext) => context.cache.stats();
    const sumOf = (key: "invalidations" | "repeatedInvalidations") => processes.reduce((sum, one) => sum + statsOf(one)[key], 0);
    const rename = ({ context }: OpenContext, id: string, name: string) =>
      changeDetector(context, someCall(), id, { given: { name }, expectedTag: undefined });

    async function untilSwept(): Promise<void> {
      const { database } = processes[0].context;
      await eventually("the sweep is over", async () => (await takeInvalidations(database, 1)).length === 0, 20_000);
    }

    async function storedDetector(): Promise<string> {
      const { value } = await createDetector(processes[0].context, someCall(), { name: "first" });
      await untilSwept();
      for (const one of processes) expect(await nameIn(one, value.id)).toBe("first");
      return value.id;
    }

    it("is forgotten once in each, and what is read after it stays cached through notification, message and sweep", async () => {
      const id = await storedDetector();
      const [maker, other] = processes;
      const [invalidations, repeats] = [sumOf("invalidations"), sumOf("repeatedInvalidations")];
      await rename(maker, id, "second");
      expect(await nameIn(maker, id)).toBe("second");
      await eventually("the other reads it", async () => (await nameIn(other, id)) === "second");
      const after = processes.map((one) => statsOf(one).kinds.detectorInfo);

      await untilSwept();
      // The maker's own call, two notifications, the message and the sweep: five times for two that forget.
      await eventually("all ways are gone", () => sumOf("repeatedInvalidations") - repeats >= 3);
      expect(sumOf("invalidations") - invalidations).toBe(2);
      for (const [index, one] of processes.entries()) {
        expect(await nameIn(one, id)).toBe("second");
        const { level1Hits, level2Hits, loads } = statsOf(one).kinds.detectorInfo;
        expect({ level1Hits, level2Hits, loads }).toEqual({ ...pick(after[index]), level1Hits: after[index].level1Hits + 1 });
      }
      const third = await open();
      expect(await nameIn(third, id)).toBe("second");
      expect(statsOf(third).kinds.detectorInfo).toMatchObject({ level2Hits: 1, loads: 0 });
      await third.close();
    });

    it("is never followed by an old value: at once where it was made, and elsewhere when it is heard of", async () => {
      const id = await storedDetector();
      for (let round = 0; round < 40; round++) {
        const [maker, other] = round % 2 === 0 ? processes : [processes[1], processes[0]];
        const heard = statsOf(other).invalidations;
        const reading = nameIn(other, id);
        await rename(maker, id, `${round}`);
        expect(await nameIn(maker, id)).toBe(`${round}`);
        await reading;
        await eventually("the other hears of it", () => statsOf(other).invalidations > heard);
        expect(await nameIn(other, id)).toBe(`${round}`);
      }
      await untilSwept();
      for (const one of processes) expect(await nameIn(one, id)).toBe("39");
    });
  },
);

const pick = ({ level1Hits, level2Hits, loads }: KindStats) => ({ level1Hits, level2Hits, loads });
