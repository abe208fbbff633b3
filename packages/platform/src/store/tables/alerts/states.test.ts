import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../../test-support/servers/store.ts";
import { newId } from "../../../ids/ids.ts";
import type { OpenDatabase } from "../../postgres/open-database.ts";
import { storeSamples } from "../performance-samples.ts";
import {
  deleteOldAlertRecords,
  highestReadings,
  insertAlertEvents,
  listAlertEvents,
  storeReadings,
  takeEvaluation,
  windowReadings,
} from "./states.ts";

let server: TestDatabase;
let database: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  ({ database } = await openTestStore(server));
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

const processOf = (host: string) => ({ processId: newId(), host, pid: 7 });
const take = (one: ReturnType<typeof processOf>) => database.transaction((sql) => takeEvaluation(sql, one, 20));
const age = (by: string) => database.query(`update alert_evaluator set renewed_at = renewed_at - interval '${by}'`);

describe("the lease of evaluation", () => {
  beforeEach(() => database.query("delete from alert_evaluator"));

  it("is held while it is renewed, and taken by another process when it has not been for 20 s", async () => {
    const [first, second] = [processOf("one"), processOf("two")];
    expect(await take(first)).toBeInstanceOf(Date);
    expect(await take(second)).toBeUndefined();
    await age("15 seconds");
    expect(await take(second)).toBeUndefined();
    expect(await take(first)).toBeInstanceOf(Date);
    await age("15 seconds");
    expect(await take(second)).toBeUndefined();
    await age("6 seconds");
    expect(await take(second)).toBeInstanceOf(Date);
    expect(await take(first)).toBeUndefined();
  });

  it("goes to one of many that ask at once", async () => {
    const taken = await Promise.all(Array.from({ length: 8 }, (_, at) => take(processOf(`host-${at}`))));
    expect(taken.filter((time) => time !== undefined)).toHaveLength(1);
  });

  it("is not held until a time to come when the clock has gone back", async () => {
    await take(processOf("one"));
    await age("-1 hours");
    expect(await take(processOf("two"))).toBeInstanceOf(Date);
  });
});

it("readings are the highest of those processes that have read lately", async () => {
  const [first, second, ended] = [newId(), newId(), newId()];
  await storeReadings(database, first, { pool_utilization: 10, disk_usage: 50 });
  await storeReadings(database, first, { pool_utilization: 20, disk_usage: 50 });
  await storeReadings(database, second, { pool_utilization: 91, cache_down: 1 });
  await storeReadings(database, ended, { pool_utilization: 100 });
  await database.query("update alert_readings set read_at = now() - interval '31 seconds' where process_id = $1", [ended]);
  expect(await highestReadings(database, 30)).toEqual({ pool_utilization: 91, disk_usage: 50, cache_down: 1 });
});

const sample = {
  cpu_usage: 0,
  memory_usage: 0,
  memory_bytes: 0,
  p50_response_time: null,
  p95_response_time: null,
  p99_response_time: null,
  event_loop_delay: 0,
  event_loop_delay_p99: 0,
};

it("a window weighs errors and times by requests, and adds the throughput of the processes", async () => {
  expect(await windowReadings(database, 60)).toEqual({ error_rate: null, response_time: null, throughput: null });
  const now = Date.now() / 1000;
  const busy = { ...sample, response_time: 100, request_count: 90, error_count: 0, throughput: 30 };
  const idle = { ...sample, response_time: 1100, request_count: 10, error_count: 5, throughput: 2 };
  await storeSamples(database, newId(), 1, [
    { ...busy, timestamp: now - 20 },
    { ...busy, timestamp: now - 19 },
  ]);
  await storeSamples(database, newId(), 1, [
    { ...idle, timestamp: now - 20 },
    { ...idle, timestamp: now - 19, throughput: 4 },
  ]);
  await storeSamples(database, newId(), 1, [{ ...busy, timestamp: now - 100, error_count: 90 }]);
  await storeSamples(database, newId(), 60, [{ ...busy, timestamp: now - 20, error_count: 90 }]);
  // Of 200 requests 10 failed; 180 took 100 ms, 20 took 1100 ms; 30 a second and the mean of 2 and 4.
  expect(await windowReadings(database, 60)).toEqual({ error_rate: 5, response_time: 200, throughput: 33 });
});

it("the history is kept for 30 days", async () => {
  const event = {
    ruleId: newId(),
    severity: "info",
    metric: "throughput",
    operator: ">",
    threshold: 1,
    value: null,
    isSilenced: false,
  } as const;
  const ids = [newId(), newId()];
  await insertAlertEvents(
    database,
    ids.map((id) => ({ ...event, id, ruleName: "planted", change: "firing" })),
  );
  await database.query("update alert_events set created_at = now() - interval '29 days' where id = $1", [ids[0]]);
  await database.query("update alert_events set created_at = now() - interval '31 days' where id = $1", [ids[1]]);
  await deleteOldAlertRecords(database);
  expect((await listAlertEvents(database, { limit: 10 })).map(({ id }) => id)).toEqual([ids[0]]);
});
