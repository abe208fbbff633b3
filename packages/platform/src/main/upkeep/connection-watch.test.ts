import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startFaultProxy } from "../../../test-support/faults/fault-proxy.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { redisProgram, redisSkipReason, startRedis } from "../../../test-support/servers/redis.ts";
import { readConfig } from "../../config/read-config.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { noReserve } from "../../store/embedded/disk-reserve.ts";
import { Closing } from "../closing.ts";
import { watchConnections } from "./connection-watch.ts";
import { openService } from "../open-service.ts";

function listeningLog() {
  const lines: string[] = [];
  const at = (level: string) => (_fields: unknown, message: string) => void lines.push(`${level}: ${message}`);
  return { lines, log: { info: at("info"), warn: at("warn"), error: at("error") } };
}

it("one line says that a connection is lost, one that it is back and how long it was away, however often one looks", () => {
  const time = { now: 0 };
  const up = { redis: true, replica: false };
  const { lines, log } = listeningLog();
  const connections = [
    { name: "Redis", isUp: () => up.redis, meanwhile: "slower" },
    { name: "the replica", isUp: () => up.replica, meanwhile: "reads go elsewhere" },
  ];
  const watch = watchConnections(connections, log, () => time.now);
  onTestFinished(() => watch.close());
  const look = () => {
    for (let count = 0; count < 3; count++) watch.look();
    return lines.splice(0);
  };
  expect(look()).toEqual(["warn: the replica is lost: reads go elsewhere"]);
  up.redis = false;
  time.now = 1000;
  expect(look()).toEqual(["warn: Redis is lost: slower"]);
  [up.redis, up.replica] = [true, true];
  time.now = 61_000;
  expect(look()).toEqual(["info: Redis is back after 60 s", "info: the replica is back after 61 s"]);
  expect(look()).toEqual([]);
});

describe("a service", () => {
  let server: TestDatabase;
  beforeAll(async () => (server = await startTestDatabase()));
  afterAll(() => server.stop());

  async function open(settings: Readonly<Record<string, string>>) {
    const folder = mkdtempSync(join(tmpdir(), "nomaly-watch-"));
    const commandLine = { data_dir: folder, log_level: "silent", ...settings };
    const { config } = readConfig({ commandLine, environment: {} });
    const closing = new Closing();
    const { lines, log } = listeningLog();
    const database = Promise.resolve({ url: settings["database_url"], isEmbedded: false, reserve: noReserve });
    const { context } = await openService({ config, kind: "serve", log, database }, closing);
    onTestFinished(async () => {
      await closing.closeAll();
      rmSync(folder, { recursive: true, force: true });
    });
    return { context, lines };
  }

  const countOf = (lines: readonly string[], text: string) => lines.filter((line) => line.includes(text)).length;

  async function proxied() {
    const { hostname, port } = new URL(server.url);
    const proxy = await startFaultProxy({ host: hostname, port: Number(port) });
    const url = Object.assign(new URL(await server.createDatabase()), { hostname: proxy.host, port: `${proxy.port}` }).href;
    return { proxy, url };
  }

  /** Fails as often as it is asked. */
  async function failOften({ database }: ServiceContext): Promise<void> {
    for (let count = 0; count < 20; count++) await database.query("select 1").catch(() => undefined);
  }

  it("says once that the database is lost and once that it is back, whatever fails in between", async () => {
    const { proxy, url } = await proxied();
    onTestFinished(() => proxy.close());
    const { context, lines } = await open({ database_url: url });
    await context.queue.work({}, { concurrency: 1 });
    proxy.refuse();
    proxy.cut();
    await eventually("it is said", () => lines.length > 0);
    await failOften(context);
    await eventually("the queue has failed again and again", () => context.queue.stats().databaseErrors > 5, 20_000);
    expect(lines).toEqual(["warn: the database is lost: requests that need it are refused, jobs wait"]);
    proxy.heal();
    await eventually("it is back", () => lines.length > 1, 20_000);
    await context.database.query("select 1");
    expect(lines.slice(1)).toEqual([expect.stringMatching(/^info: the database is back after \d+ s$/)]);
  });

  it.skipIf(redisProgram === undefined)(`says once that Redis is lost and once that it is back${redisSkipReason}`, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const { context, lines } = await open({ database_url: await server.createDatabase(), redis_url: redis.url });
    await eventually("it is connected", () => context.cache.stats().level2?.isSubscribed === true);
    await redis.kill();
    await eventually("it is said", () => countOf(lines, "Redis is lost") > 0);
    for (let count = 0; count < 20; count++) await context.cache.invalidate(["detectors"]);
    expect(context.cache.stats().level2?.breaker).toBe("open");
    await redis.start();
    // Without a call, the cache itself notices the loss.
    await eventually("it is back", () => countOf(lines, "Redis is back") > 0, 30_000);
    expect(lines).toHaveLength(2);
  });

  it("says once that the replica is lost, however often it is looked for", async () => {
    const { proxy, url } = await proxied();
    onTestFinished(() => proxy.close());
    // The server answers but is no replica, which counts as lost.
    const { context, lines } = await open({ database_url: await server.createDatabase(), database_replica_url: url });
    await eventually("it is said", () => countOf(lines, "the replica is lost: reads go to the primary") > 0);
    await context.database.probeReplica();
    await context.database.probeReplica();
    expect(lines).toHaveLength(1);
  });
});
