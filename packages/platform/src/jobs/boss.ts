/** The queue library, on our pool: it keeps the jobs; taking, renewing, sweeping and timing are ours. */

import { type Db, PgBoss } from "pg-boss";
import type { Sql } from "../store/sql.ts";
import { schemaName } from "./prepare-queue.ts";
import type { JobLog } from "./queue.ts";

const secondsOfDay = 86_400;

/** Its tables must be there. @throws NomalyError DATABASE. */
export async function openBoss(database: Sql, log: JobLog): Promise<PgBoss> {
  const boss = new PgBoss({
    db: bossDatabase(database),
    schema: schemaName,
    migrate: false,
    createSchema: false,
    // Its timers read the process's clock and need seconds to see a dead process: ours read the database's.
    supervise: false,
    schedule: false,
    registerInstance: false,
    queueCacheIntervalSeconds: secondsOfDay,
    openTelemetry: { enabled: false },
  });
  // Without a listener an error of its timers would end the process.
  boss.on("error", (error: Error) => log.warn({ error: error.message }, "the job queue's own upkeep failed"));
  await boss.start();
  return boss;
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
