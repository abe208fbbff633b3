import { expect, it, onTestFinished } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { createServiceHost } from "../../src/main/service-host.ts";
import { redisProgram, startRedis } from "../../test-support/servers/redis.ts";
import { eventually } from "../../test-support/eventually.ts";
import { startTestDatabase } from "../../test-support/servers/postgres.ts";
import { openTestDatabase } from "../../test-support/servers/store.ts";
import { startService } from "../../test-support/servers/service.ts";

/** Of the machine of the test, not of what it plants. */
const ofMachine = ["disk", "event-loop", "memory", "database.memory"];

it("names an index that is gone and a key about to end on a real service, and nothing before", { timeout: 120_000 }, async () => {
  const server = await startTestDatabase();
  onTestFinished(() => server.stop());
  const url = await server.createDatabase();
  const service = await startService({ database_url: url });
  onTestFinished(() => service.close());
  const client = createClient({ url: service.url });
  const found = async () =>
    (await client.performance.doctor()).findings.map(({ id }) => id).filter((id) => !ofMachine.includes(id));
  expect(await found()).toEqual([]);
  const database = openTestDatabase({ url });
  onTestFinished(() => database.close());
  await database.query("drop index idx_datasets_size");
  const { config } = readConfig({ commandLine: { database_url: url, data_dir: "/nowhere" }, environment: {} });
  const inThreeDays = new Date(Date.now() + 3 * 86_400_000 - 60_000);
  await createServiceHost("0").withKeys(config, (keys) =>
    keys.create({ name: "grafana", scopes: ["read"], expiresAt: inThreeDays }),
  );
  expect(await found()).toEqual(expect.arrayContaining(["database.indexes", "keys"]));
  const { status, findings } = await client.performance.doctor();
  expect(status).toBe("warning");
  expect(findings.find(({ id }) => id === "keys")?.finding).toBe('the key "grafana" ends in 3 days');
});

it.skipIf(redisProgram === undefined)("names a Redis that is gone (needs redis-server)", { timeout: 120_000 }, async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const service = await startService({ redis_url: redis.url });
  onTestFinished(() => service.close());
  const client = createClient({ url: service.url });
  const isFound = async () => (await client.performance.doctor()).findings.some(({ id }) => id === "cache.redis");
  expect(await isFound()).toBe(false);
  await redis.kill();
  await eventually("doctor names Redis", isFound, 30_000);
});

it("tells slow statements with what their plans suggest, and the condition of the database", { timeout: 120_000 }, async () => {
  const server = await startTestDatabase();
  onTestFinished(() => server.stop());
  const url = await server.createDatabase();
  const service = await startService({ database_url: url });
  onTestFinished(() => service.close());
  const client = createClient({ url: service.url });
  const database = openTestDatabase({ url });
  onTestFinished(() => database.close());
  await database.query("select pg_sleep($1)", [0.15]);
  const { slow_queries: slow, not_seen: notSeen } = await client.performance.slowQueries();
  if (slow === null) expect(notSeen[0].remedy).toMatch(/pg_stat_statements/);
  else expect(slow.find(({ query }) => query.includes("pg_sleep($1)"))?.mean_time_ms).toBeGreaterThan(100);
  const condition = await client.performance.database();
  expect(condition.index_faults).toEqual([]);
  expect(condition.tables.length).toBeGreaterThan(5);
});
