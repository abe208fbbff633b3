import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "../../test-support/servers/free-port.ts";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { cacheKinds, level1TtlMsMax } from "../cache/kinds.ts";
import { readConfig } from "../config/read-config.ts";
import { httpClientDefaults } from "../http-client/http-client.ts";
import { noReserve } from "../store/embedded/disk-reserve.ts";
import { Closing } from "./closing.ts";
import { openService } from "./open-service.ts";

/** The options with which each real part was opened. */
const opened = vi.hoisted(() => new Map<string, Record<string, unknown>>());
const recorded = vi.hoisted(() => <Options>(name: string, open: (options: Options) => unknown) => (options: Options) => {
  opened.set(name, options as Record<string, unknown>);
  return open(options);
});
vi.mock("../store/postgres/open-database.ts", async (original) => {
  const real = await original<typeof import("../store/postgres/open-database.ts")>();
  return { ...real, openDatabase: recorded("database", real.openDatabase) };
});
vi.mock("../cache/redis/redis-level2.ts", async (original) => {
  const real = await original<typeof import("../cache/redis/redis-level2.ts")>();
  return { ...real, createRedisLevel2: recorded("redis", real.createRedisLevel2) };
});
vi.mock("../cache/cache.ts", async (original) => {
  const real = await original<typeof import("../cache/cache.ts")>();
  return { ...real, createCache: recorded("cache", real.createCache) };
});
vi.mock("../http-client/http-client.ts", async (original) => {
  const real = await original<typeof import("../http-client/http-client.ts")>();
  return { ...real, createHttpClient: recorded("http", real.createHttpClient) };
});

/** The guide's numbers, copied by hand: the demand, the setting, its default, and the option of the part that uses it. */
const demands = [
  ["PO-1 base 20", "databasePoolSize", 20, "database", { poolSize: 20 }],
  ["PO-1 overflow 30", "databaseMaxOverflow", 30, "database", { maxOverflow: 30 }],
  ["PO-1 acquire timeout 30 s", "databasePoolTimeoutS", 30, "database", { acquireTimeoutMs: 30_000 }],
  ["PO-1 recycle 3600 s", "databasePoolRecycleS", 3600, "database", { recycleMs: 3_600_000 }],
  ["PO-1 statement timeout 60 s", "databaseStatementTimeoutS", 60, "database", { statementTimeoutMs: 60_000 }],
  ["PO-2 at most 20", "redisMaxConnections", 20, "redis", { connectionsMax: 20 }],
  ["PO-2 health check 30 s", "redisHealthCheckS", 30, "redis", { healthCheckMs: 30_000 }],
  ["PO-3 100 in all", "httpMaxConnections", 100, "http", { connectionsMax: 100 }],
  ["PO-3 30 a host", "httpMaxConnectionsPerHost", 30, "http", { connectionsPerHostMax: 30 }],
  ["PO-3 DNS cache 300 s", "httpDnsCacheS", 300, "http", { nameTtlMs: 300_000 }],
  ["PO-3 keepalive 30 s", "httpKeepaliveS", 30, "http", { keepAliveMs: 30_000 }],
  ["PO-3 total timeout 60 s", "httpTotalTimeoutS", 60, "http", { totalTimeoutMs: 60_000 }],
  ["CA-2 results 3600 s", "cacheResultsTtlS", 3600, "cache", { ttlMs: { results: 3_600_000 } }],
  ["CA-4 metadata 86400 s", "cacheMetadataTtlS", 86_400, "cache", { ttlMs: { metadata: 86_400_000 } }],
  ["CA-6 level 1 at most 300 s", "cacheLevel1TtlS", 300, "cache", { level1TtlMs: 300_000 }],
] as const;

let server: TestDatabase;
const closing = new Closing();
const folder = mkdtempSync(join(tmpdir(), "nomaly-defaults-"));
beforeAll(async () => {
  server = await startTestDatabase();
  const url = await server.createDatabase();
  // No Redis runs there: the test needs the options of its pool only.
  const redis_url = `redis://127.0.0.1:${await freePort()}`;
  const commandLine = { data_dir: folder, log_level: "silent", database_url: url, redis_url };
  const { config } = readConfig({ commandLine, environment: {} });
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  await openService(
    { config, kind: "serve", log, database: Promise.resolve({ url, isEmbedded: false, reserve: noReserve }) },
    closing,
  );
});
afterAll(async () => {
  await closing.closeAll();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a default number of the guide", () => {
  it.each(demands)("is kept when nothing is set: %s", (_demand, setting, value) => {
    expect(readConfig({ environment: {} }).config[setting]).toBe(value);
  });

  it.each(demands)("reaches the part that keeps to it: %s", (_demand, _setting, _value, part, told) => {
    expect(opened.get(part)).toMatchObject(told);
  });

  it("is that of the HTTP client when it is told nothing: PO-3", () => {
    expect(httpClientDefaults).toMatchObject({
      connectionsMax: 100,
      connectionsPerHostMax: 30,
      nameTtlMs: 300_000,
      keepAliveMs: 30_000,
      totalTimeoutMs: 60_000,
    });
  });

  it("is the life of each kind in the cache: CA-2, CA-4, CA-6, DB-8", () => {
    expect(cacheKinds.results.ttlMs).toBe(3_600_000);
    expect(cacheKinds.metadata.ttlMs).toBe(86_400_000);
    expect(cacheKinds.detectorBatch.ttlMs).toBe(300_000);
    expect(level1TtlMsMax).toBe(300_000);
  });
});
