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
  /** Whether the server has a session of its name. */
  readonly isConnected: boolean;
}

/** Without a sign for so long a process counts as gone. */
export const liveSeconds = 90;
/** Rows older than this are removed. */
const keptDays = 1;

const columns = `p.id, p.kind, p.host, p.pid, p.connection_count_max as "connectionCountMax", p.started_at as "startedAt",
  p.seen_at as "seenAt", exists (select from pg_stat_activity a where a.application_name = p.application_name) as "isConnected"`;

/** Under the name of the connection that says so. A second call of the same process brings its row up to date. */
export async function registerProcess(sql: Sql, { id, kind, host, pid, connectionCountMax }: NewProcess): Promise<void> {
  const text = `with old as (delete from processes where seen_at < now() - make_interval(days => $6) and id <> $1)
    insert into processes (id, kind, host, pid, connection_count_max, application_name)
    values ($1, $2, $3, $4, $5, current_setting('application_name'))
    on conflict (id) do update set seen_at = now(), connection_count_max = excluded.connection_count_max`;
  await sql.query(text, [id, kind, host, pid, connectionCountMax, keptDays]);
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
  const text = `select ${columns} from processes p where p.seen_at > now() - make_interval(secs => $1) order by p.started_at, p.id`;
  const { rows } = await sql.query<ProcessRow>(text, [liveSeconds]);
  return rows;
}
