import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { openContext, type OpenContext } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { redisProgram, redisSkipReason, startRedis } from "../../../test-support/servers/redis.ts";
import { createMonitor } from "../../monitor/monitor.ts";
import type { AlertRuleRow } from "../../store/tables/alerts/rules.ts";
import { ownReadings, type ReadContext } from "./own-readings.ts";
import { ruleValues } from "./rule-values.ts";

let server: TestDatabase;
beforeAll(async () => void (server = await startTestDatabase()));
afterAll(() => server.stop());

async function opened(settings: Readonly<Record<string, string>> = {}): Promise<OpenContext> {
  const open = await openContext(await server.createDatabase(), { monitoring: "off", ...settings });
  onTestFinished(() => open.close());
  return open;
}

const ruleOn = (metric: string, windowSeconds = 0): AlertRuleRow => ({
  id: `${metric} ${windowSeconds}`,
  name: metric,
  isDefault: false,
  metric,
  operator: ">",
  threshold: 0,
  windowSeconds,
  breaches: 1,
  severity: "info",
  cooldownSeconds: 0,
  enabled: true,
  silencedUntil: null,
  silenceReason: null,
  silencedBy: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
});

it("jobs that wait and jobs that failed within the window are counted; each window by itself", async () => {
  const { context } = await opened();
  const { database, queue, monitor } = context;
  const valuesOf = async (rules: readonly AlertRuleRow[]) => Object.fromEntries(await ruleValues(database, monitor, rules));
  const rules = [ruleOn("failed_jobs", 600), ruleOn("failed_jobs", 3600), ruleOn("queued_jobs"), ruleOn("oldest_job_seconds")];
  expect(await valuesOf(rules)).toMatchObject({
    "failed_jobs 600": 0,
    "failed_jobs 3600": 0,
    "queued_jobs 0": 0,
    "oldest_job_seconds 0": 0,
  });
  const jobs = [];
  for (let count = 0; count < 4; count++) jobs.push(await database.transaction((sql) => queue.enqueue(sql, "maintenance", {})));
  const failed = "update pgboss.job set state = 'failed', completed_on = now() - make_interval(mins => $2) where id = $1";
  await database.query(failed, [jobs[0], 5]);
  await database.query(failed, [jobs[1], 30]);
  await database.query(failed, [jobs[2], 90]);
  await database.query("update pgboss.job set start_after = now() - interval '75 seconds' where id = $1", [jobs[3]]);
  const values = await valuesOf(rules);
  expect(values).toMatchObject({ "failed_jobs 600": 1, "failed_jobs 3600": 2, "queued_jobs 0": 1 });
  expect(values["oldest_job_seconds 0"]).toBeGreaterThanOrEqual(75);
  expect(values["oldest_job_seconds 0"]).toBeLessThan(135);
});

it("what is absent or unknown has no data: no Redis, no replica, no samples, a metric of another version", async () => {
  const { context } = await opened();
  const rules = ["cache_down", "replica_lag_seconds", "memory_usage", "p99_response_time", "of-tomorrow"].map((name) =>
    ruleOn(name),
  );
  const values = await ruleValues(context.database, context.monitor, [...rules, ruleOn("error_rate", 60)]);
  expect([...values.values()]).toEqual([null, null, null, null, null, null]);
});

it("the last sample of all processes gives processor, memory, percentiles and delays", async () => {
  const { context } = await opened();
  const monitor = createMonitor({
    processorCount: 1,
    memoryLimitBytes: 2 ** 40,
    workerPids: () => [],
    host: "one",
    hasTimer: false,
  });
  onTestFinished(() => monitor.close());
  for (let count = 0; count < 100; count++) monitor.record("/a", 2000, true);
  monitor.sample();
  for (let count = 0; count < 10_000; count++) monitor.record("/a", 3000, true);
  monitor.sample();
  const names = ["cpu_usage", "memory_usage", "p95_response_time", "p99_response_time", "event_loop_delay"];
  const values = await ruleValues(
    context.database,
    monitor,
    names.map((name) => ruleOn(name)),
  );
  const { cpu_usage: cpu, memory_usage: memory, event_loop_delay_p99: delay } = monitor.latest();
  expect([values.get("cpu_usage 0"), values.get("memory_usage 0"), values.get("event_loop_delay 0")]).toEqual([
    cpu,
    memory,
    delay,
  ]);
  // Buckets are 5 % wide.
  for (const name of ["p95_response_time 0", "p99_response_time 0"])
    expect(Math.abs((values.get(name) ?? 0) / 3000 - 1)).toBeLessThan(0.05);
});

it("the pool's use is a share of all that it may open, a wait the mean since the reading before", async () => {
  const pool = { capacity: 50, inUse: 46, acquired: 10, waitMsTotal: 100 };
  const replica = { lagMs: 31_000 };
  const context = {
    config: { dataDir: process.cwd() },
    database: { stats: () => ({ pool: { ...pool }, replica }) },
    cache: { stats: () => ({ level2: { isSubscribed: true, breaker: "half-open" } }) },
  } as unknown as ReadContext;
  const read = ownReadings(context);
  expect(await read()).toMatchObject({ pool_utilization: 92, pool_wait_ms: 10, replica_lag_seconds: 31, cache_down: 1 });
  Object.assign(pool, { acquired: 14, waitMsTotal: 6100 });
  expect(await read()).toMatchObject({ pool_wait_ms: 1500 });
  const { disk_usage: disk, pool_wait_ms: wait } = await read();
  Object.assign(pool, { capacity: 0, inUse: 0 });
  expect(await read()).toMatchObject({ pool_utilization: 0 });
  expect(wait).toBe(0);
  expect(disk).toBeGreaterThan(0);
  expect(disk).toBeLessThanOrEqual(100);
});

it.skipIf(redisProgram === undefined)(
  `Redis counts as down while it does not answer${redisSkipReason}`,
  { timeout: 60_000 },
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const { context } = await opened({ redis_url: redis.url });
    const read = ownReadings(context);
    const isDown = (expected: number) =>
      vi.waitFor(async () => expect(await read()).toMatchObject({ cache_down: expected }), { timeout: 30_000 });
    await isDown(0);
    await redis.kill();
    await isDown(1);
    await redis.start();
    await isDown(0);
  },
);
