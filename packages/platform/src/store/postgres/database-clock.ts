/** Reads the database's clock, which all processes share. */

import type { Sql } from "./sql.ts";

export async function databaseNow(sql: Sql): Promise<Date> {
  const { rows } = await sql.query<{ now: Date }>("select clock_timestamp() as now");
  return rows[0].now;
}

/** How far the clock of this process is ahead of the database's, in milliseconds. */
export async function clockAheadMs(sql: Sql): Promise<number> {
  const now = await databaseNow(sql);
  return Date.now() - now.getTime();
}
