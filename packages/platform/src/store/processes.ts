/** The processes that work on this database, as they say themselves. */

import type { Sql } from "./sql.ts";

export interface NewProcess {
  readonly id: string;
  readonly kind: "serve" | "worker";
  readonly host: string;
  readonly pid: number;
  /** Most connections that it may open, all its pools together. */
  readonly connectionCountMax: number;
}

export interface ProcessRow extends NewProcess {
  readonly startedAt: Date;
  readonly seenAt: Date;
}

/** Without a sign for so long a process counts as gone. */
export const liveSeconds = 90;
/** Rows older than this are removed. */
const keptDays = 1;

const columns = `id, kind, host, pid, connection_count_max as "connectionCountMax", started_at as "startedAt", seen_at as "seenAt"`;

export async function registerProcess(sql: Sql, process: NewProcess): Promise<void> {
  const text = `with old as (delete from processes where seen_at < now() - make_interval(days => $6))
    insert into processes (id, kind, host, pid, connection_count_max) values ($1, $2, $3, $4, $5)`;
  await sql.query(text, [process.id, process.kind, process.host, process.pid, process.connectionCountMax, keptDays]);
}

/** False when somebody has removed it: it registers again. */
export async function heartbeat(sql: Sql, id: string): Promise<boolean> {
  const { rowCount } = await sql.query("update processes set seen_at = now() where id = $1", [id]);
  return rowCount === 1;
}

export async function removeProcess(sql: Sql, id: string): Promise<void> {
  await sql.query("delete from processes where id = $1", [id]);
}

/** Oldest first. */
export async function liveProcesses(sql: Sql): Promise<readonly ProcessRow[]> {
  const text = `select ${columns} from processes where seen_at > now() - make_interval(secs => $1) order by started_at, id`;
  const { rows } = await sql.query<ProcessRow>(text, [liveSeconds]);
  return rows;
}
