/** The queue library, on our pool: it keeps the jobs; taking, renewing, sweeping and timing are ours. */

import { type ConstructorOptions, type Db, PgBoss } from "pg-boss";
import { isDatabaseAway } from "../store/postgres/database-error.ts";
import type { Sql } from "../store/postgres/sql.ts";
import type { JobLog } from "./queue.ts";

const secondsOfDay = 86_400;

/** Its tables must be there. @throws NomalyError DATABASE. */
export async function openBoss(database: Sql, log: JobLog): Promise<PgBoss> {
  const boss = new PgBoss({ ...bossOptions(database), migrate: false });
  // Without a listener an error of its timers would end the process.
  boss.on("error", (error: Error) => {
    // That the database is away is said once for all that need it.
    if (!isDatabaseAway(error)) log.warn({ error: error.message }, "the job queue's own upkeep failed");
  });
  await boss.start();
  return boss;
}

export function bossOptions(database: Sql): ConstructorOptions {
  return {
    db: bossDatabase(database),
    schema: "pgboss",
    // Its timers read the process's clock and need a minute to see a dead process: ours read the database's.
    supervise: false,
    schedule: false,
    registerInstance: false,
    queueCacheIntervalSeconds: secondsOfDay,
    openTelemetry: { enabled: false },
  };
}

/** What the library needs to run its statements on `sql`: the pool, or the caller's transaction. */
export function bossDatabase(sql: Sql): Db {
  return {
    executeSql: async (text, values = []) => {
      const { rows } = await sql.query(text, values);
      return { rows: [...rows] };
    },
  };
}
