import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { silentLog, trainPayload } from "../../test-support/faults/job-handlers.ts";
import { createJobDatabase, openTestDatabase } from "../../test-support/servers/job-database.ts";
import { startTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { OpenDatabase } from "../store/postgres/open-database.ts";
import type { JobHandlers } from "./job-types.ts";
import { openQueue } from "./open-queue.ts";
import type { Queue } from "./queue.ts";

let server: TestDatabase;
let database: OpenDatabase;
let queue: Queue;

beforeAll(async () => {
  server = await startTestDatabase();
  const url = await createJobDatabase(server);
  database = openTestDatabase(url);
  queue = await openQueue({ database, url, retryLimit: 3, log: silentLog });
});

afterAll(async () => {
  await queue.close({ timeoutMs: 0 });
  await database.close();
  await server.stop();
});

test("a job that a transaction holds is not ended by others before that commits, and one that was ended cannot be held", async () => {
  const [held, release, ended] = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const late = Promise.withResolvers<unknown>();
  const id = await queue.enqueue(database, "train", trainPayload("quick"));
  const handlers: Partial<JobHandlers> = {
    train: async (_job, { holdIn }) => {
      await database.transaction(async (sql) => {
        await holdIn(sql);
        held.resolve();
        await release.promise;
      });
      await ended.promise;
      late.resolve(await database.transaction((sql) => holdIn(sql)).catch((error: unknown) => error));
      return {};
    },
  };
  await queue.work(handlers, { concurrency: 1 });
  await held.promise;
  const cancelled = queue.cancel(id);
  const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  await eventually("the end waits", async () => (await database.query(waits)).rowCount > 0);
  expect(await queue.get(id)).toMatchObject({ status: "running" });
  release.resolve();
  expect(await cancelled).toMatchObject({ status: "cancelled" });
  ended.resolve();
  expect(await late.promise).toMatchObject({ code: "ABORTED", field: "job_id" });
});
