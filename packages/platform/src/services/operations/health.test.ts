import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startFaultProxy } from "../../../test-support/faults/fault-proxy.ts";
import { freePort } from "../../../test-support/servers/free-port.ts";
import { openContext } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { redisProgram, redisSkipReason, startRedis } from "../../../test-support/servers/redis.ts";
import type { ServiceContext } from "../core/context.ts";
import { checkHealth } from "./health.ts";

let server: TestDatabase;
beforeAll(async () => (server = await startTestDatabase()));
afterAll(() => server.stop());

async function contextWith(settings: Readonly<Record<string, string>> = {}): Promise<ServiceContext> {
  const opened = await openContext(await server.createDatabase(), settings);
  onTestFinished(() => opened.close());
  return opened.context;
}

/** The status of all, and of the parts that are not well. */
async function healthOf(context: ServiceContext) {
  const { status, parts } = await checkHealth(context);
  const unwell = Object.entries(parts).filter(([, part]) => part.status !== "ok");
  return { status, unwell: unwell.map(([name, part]) => `${name}: ${part.detail}`) };
}

describe("the health of the whole", () => {
  it("is ok when every part is", async () => {
    expect(await healthOf(await contextWith())).toEqual({ status: "ok", unwell: [] });
  });

  it("is degraded when the replica is dead", async () => {
    const context = await contextWith({ database_replica_url: `postgres://127.0.0.1:${await freePort()}/gone` });
    await eventually("it is found dead", () => context.database.stats().replica?.state === "down");
    expect(await healthOf(context)).toEqual({
      status: "degraded",
      unwell: ["database: the replica does not answer: reads go to the primary"],
    });
  });

  it("is degraded when the replica is too far behind, and when our processes may open too many connections", async () => {
    const context = await contextWith();
    const stats = context.database.stats();
    const replica = { ...stats, state: "stale", lagMs: 1, reads: 0, fallbacks: {} as never, lastError: undefined } as const;
    const database = { ...context.database, stats: () => ({ ...stats, replica }) };
    const behind = "the replica is too far behind: reads go to the primary";
    expect(await healthOf({ ...context, database })).toEqual({ status: "degraded", unwell: [`database: ${behind}`] });
    const config = { ...context.config, databaseConnectionReserve: 10_000 };
    const tooMany = "our processes may open more connections than the server takes";
    expect(await healthOf({ ...context, database, config })).toEqual({
      status: "degraded",
      unwell: [`database: ${tooMany}; ${behind}`],
    });
  });

  it("is degraded when the disk is nearly full, and when it cannot be asked", async () => {
    const context = await contextWith();
    const full = { ...context.blobs, check: async () => ({ freeBytes: 256 * 1024 ** 2 - 1 }) };
    expect(await healthOf({ ...context, blobs: full })).toMatchObject({ status: "degraded" });
    const enough = { ...context.blobs, check: async () => ({ freeBytes: 256 * 1024 ** 2 }) };
    expect(await healthOf({ ...context, blobs: enough })).toMatchObject({ status: "ok" });
    const broken = { ...context.blobs, check: () => Promise.reject(new Error("no such folder")) };
    expect(await healthOf({ ...context, blobs: broken })).toEqual({ status: "degraded", unwell: ["disk: no such folder"] });
  });

  it("is unavailable when the database is away, whatever else is", async () => {
    const { hostname, port } = new URL(server.url);
    const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    const url = Object.assign(new URL(await server.createDatabase()), { hostname: proxy.host, port: `${proxy.port}` }).href;
    const opened = await openContext(url);
    const { context } = opened;
    onTestFinished(async () => {
      proxy.heal();
      await opened.close();
      await proxy.close();
    });
    expect((await checkHealth(context)).status).toBe("ok");
    proxy.refuse();
    proxy.cut();
    expect((await checkHealth(context)).status).toBe("unavailable");
  });

  it.skipIf(redisProgram === undefined)(`is degraded as soon as Redis is gone${redisSkipReason}`, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const context = await contextWith({ redis_url: redis.url });
    await eventually("all is well", async () => (await checkHealth(context)).status === "ok");
    await redis.kill();
    // Nobody asks the cache meanwhile.
    await eventually("it shows", async () => (await checkHealth(context)).status === "degraded");
    expect((await healthOf(context)).unwell).toEqual(["cache: Redis does not answer: the cache is each process's own memory"]);
    await redis.start();
    await eventually("all is well again", async () => (await checkHealth(context)).status === "ok", 20_000);
  });
});
