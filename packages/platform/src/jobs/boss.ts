/** Starts pg-boss, the queue library, on our connection pool. It stores the jobs; polling, leases, sweeps and schedules are ours. */

import { type ConstructorOptions, type Db, PgBoss } from "pg-boss";
import { isDatabaseAway } from "../store/postgres/database-error.ts";
import type { Sql } from "../store/postgres/sql.ts";
import type { JobLog } from "./queue.ts";

const secondsOfDay = 86_400;

/** Needs the library's tables. @throws NomalyError DATABASE. */
export async function openBoss(database: Sql, log: JobLog): Promise<PgBoss> {
  const boss = new PgBoss({ ...bossOptions(database), migrate: false });
  // Without a listener an error of its timers would end the process.
  boss.on("error", (error: Error) => {
    // Another part of the service logs that the database is away.
    if (!isDatabaseAway(error)) log.warn({ error: error.message }, "the job queue's own upkeep failed");
  });
  await boss.start();
  return boss;
}

export function bossOptions(database: Sql): ConstructorOptions {
  return {
    db: bossDatabase(database),
    schema: "pgboss",
    // The library's timers use the process's clock and need a minute to notice a dead process: ours use the database's clock.
    supervise: false,
    schedule: false,
    registerInstance: false,
    queueCacheIntervalSeconds: secondsOfDay,
    openTelemetry: { enabled: false },
  };
}

/** Lets the library run its statements on `sql`: the pool, or the caller's transaction. */
export function bossDatabase(sql: Sql): Db {
  return {
    executeSql: async (text, values = []) => {
      const { rows } = await sql.query(text, values);
      return { rows: [...rows] };
    },
  };
}
