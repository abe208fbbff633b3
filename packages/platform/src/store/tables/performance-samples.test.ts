import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../test-support/servers/store.ts";
import { newId } from "../../ids/ids.ts";
import type { OpenDatabase } from "../postgres/open-database.ts";
import { latestOfOthers, removeOldSamples, sampleHistory, type SampleRow, storeSamples } from "./performance-samples.ts";
import { registerProcess } from "./processes.ts";

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

const nowSeconds = Math.floor(Date.now() / 1000);
const sample = (timestamp: number, changes: Partial<SampleRow> = {}): SampleRow => ({
  timestamp,
  cpu_usage: 10,
  memory_usage: 20,
  memory_bytes: 2 ** 33,
  response_time: 5,
  request_count: 60,
  error_count: 3,
  throughput: 1,
  p50_response_time: 4,
  p95_response_time: 8,
  p99_response_time: 9,
  event_loop_delay: 0.1,
  event_loop_delay_p99: 2,
  ...changes,
});

async function processOn(host: string): Promise<string> {
  const id = newId();
  await registerProcess(database, { id, kind: "serve", host, pid: 7, connectionCountMax: 1 });
  return id;
}

async function historyOf(seconds: 1 | 60, stepSeconds: number, from: number, until: number) {
  const range = { seconds, stepSeconds, since: new Date(from * 1000), until: new Date(until * 1000) };
  return sampleHistory(database, range);
}

it("sums processes: requests added, times weighted by them, the busiest machine, the slowest percentiles", async () => {
  const [a, b, c] = [await processOn("one"), await processOn("one"), await processOn("two")];
  const at = nowSeconds - 7000;
  await storeSamples(database, a, 1, [sample(at)]);
  await storeSamples(database, b, 1, [
    sample(at, { request_count: 20, response_time: 25, p95_response_time: 40, error_count: 0 }),
  ]);
  await storeSamples(database, c, 1, [
    sample(at, { request_count: 0, response_time: null, p50_response_time: null, cpu_usage: 15 }),
  ]);
  const [point, ...others] = await historyOf(1, 1, at, at + 1);
  expect(others).toEqual([]);
  // (5 x 60 + 25 x 20) / 80 = 10; one: 10 + 10, two: 15.
  expect(point).toEqual({
    timestamp: at,
    cpu_usage: 20,
    memory_usage: 40,
    memory_bytes: 3 * 2 ** 33,
    response_time: 10,
    request_count: 80,
    error_count: 6,
    throughput: 3,
    p50_response_time: 4,
    p95_response_time: 40,
    p99_response_time: 9,
    event_loop_delay: 0.1,
    event_loop_delay_p99: 2,
    process_count: 3,
  });
});

it("averages a process within a step, and keeps the first of two samples of one moment", async () => {
  const id = await processOn("three");
  const at = Math.floor((nowSeconds - 6000) / 10) * 10;
  await storeSamples(database, id, 1, [sample(at, { throughput: 2 }), sample(at + 9, { throughput: 4 }), sample(at + 10)]);
  await storeSamples(database, id, 1, [sample(at, { throughput: 100 })]);
  const points = await historyOf(1, 10, at, at + 20);
  expect(points.map(({ timestamp, throughput, process_count: count }) => [timestamp, throughput, count])).toEqual([
    [at, 3, 1],
    [at + 10, 1, 1],
  ]);
});

it("hears the last sample of each other process, unless it is old", async () => {
  const [own, other, old] = [await processOn("four"), await processOn("five"), await processOn("six")];
  await storeSamples(database, own, 1, [sample(nowSeconds)]);
  await storeSamples(database, other, 1, [sample(nowSeconds - 2), sample(nowSeconds - 1, { throughput: 7 })]);
  await storeSamples(database, old, 1, [sample(nowSeconds - 600)]);
  const heard = (await latestOfOthers(database, own, 300)).filter(({ process_id: id }) => [own, other, old].includes(id));
  expect(heard).toMatchObject([{ process_id: other, host: "five", pid: 7, throughput: 7, memory_bytes: 2 ** 33 }]);
});

it("keeps seconds for an hour and minutes for 30 days", async () => {
  const id = await processOn("seven");
  const day = 86_400;
  await storeSamples(database, id, 1, [sample(nowSeconds - 3700), sample(nowSeconds - 3500)]);
  await storeSamples(database, id, 60, [sample(nowSeconds - 31 * day), sample(nowSeconds - 29 * day)]);
  await removeOldSamples(database);
  const kept = await database.query<{ age: number; seconds: number }>(
    `select seconds, round(extract(epoch from to_timestamp($2) - taken_at))::integer as age
     from performance_samples where process_id = $1 order by age`,
    [id, nowSeconds],
  );
  expect(kept.rows).toEqual([
    { seconds: 1, age: 3500 },
    { seconds: 60, age: 29 * day },
  ]);
});
