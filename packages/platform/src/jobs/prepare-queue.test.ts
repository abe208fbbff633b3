import { createRequire } from "node:module";
import { getRollbackPlans } from "pg-boss";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openTestDatabase } from "../../test-support/servers/job-database.ts";
import { silentLog, trainPayload } from "../../test-support/faults/job-handlers.ts";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { OpenDatabase } from "../store/postgres/open-database.ts";
import { openQueue } from "./open-queue.ts";
import { pgBossSchema } from "./prepare-queue.ts";
import type { Queue } from "./queue.ts";

let server: TestDatabase;
let url: string;
let database: OpenDatabase;

beforeAll(async () => {
  server = await startTestDatabase();
});

afterAll(() => server.stop());

beforeEach(async () => {
  url = await server.createDatabase();
  database = openTestDatabase(url);
});

afterEach(() => database.close());

function open(leaseSeconds = 10): Promise<Queue> {
  return openQueue({ database, url, retryLimit: 3, log: silentLog, leaseSeconds });
}

async function openAndClose(): Promise<void> {
  const queue = await open();
  await queue.close({ timeoutMs: 0 });
}

test("the job tables are made once, by whoever comes first of several", async () => {
  const pools = [database, openTestDatabase(url), openTestDatabase(url)];
  const queues = await Promise.all(pools.map((pool) => openQueue({ database: pool, url, retryLimit: 3, log: silentLog })));
  for (const queue of queues) expect(await queue.list({ limit: 1 })).toEqual({ items: [], nextCursor: null });
  await Promise.all(queues.map((queue) => queue.close({ timeoutMs: 0 })));
  await Promise.all(pools.slice(1).map((pool) => pool.close()));
});

test("job tables of a newer version are refused in words", async () => {
  await openAndClose();
  await database.query("drop view jobs");
  await database.query("update pgboss.version set version = version + 1");
  await expect(open()).rejects.toMatchObject({ code: "CONFLICT", field: "database_url" });
});

test("job tables of an older version are brought up to date, and their jobs are kept", async () => {
  const before = await open();
  const id = await before.enqueue(database, "train", trainPayload("quick"));
  await before.close({ timeoutMs: 0 });
  await database.query("drop view jobs");
  await database.query(getRollbackPlans("pgboss", pgBossSchema));
  const after = await open();
  expect(await after.get(id)).toMatchObject({ id, status: "queued" });
  await after.close({ timeoutMs: 0 });
  const text = "select indisvalid as valid from pg_index where indexrelid = to_regclass('pgboss.job_common_i17')";
  expect((await database.query(text)).rows).toEqual([{ valid: true }]);
});

test("the job tables take on a changed setting", async () => {
  await openAndClose();
  const queue = await open(7);
  const id = await queue.enqueue(database, "train", trainPayload("quick"));
  await queue.close({ timeoutMs: 0 });
  const { rows } = await database.query("select heartbeat_seconds as lease from pgboss.job where id = $1", [id]);
  expect(rows).toEqual([{ lease: 7 }]);
});

test("the job tables are those of the installed library", () => {
  const { pgboss } = createRequire(import.meta.url)("pg-boss/package.json") as { pgboss: { schema: number } };
  expect(pgBossSchema).toBe(pgboss.schema);
});
