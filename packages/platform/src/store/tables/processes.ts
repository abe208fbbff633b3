/** The table of processes that use this database: each registers itself and renews its row. */

import type { Sql } from "../postgres/sql.ts";

export interface NewProcess {
  readonly id: string;
  readonly kind: "serve" | "worker";
  readonly host: string;
  readonly pid: number;
  /** The most connections that it may open, all its pools together. */
  readonly connectionCountMax: number;
}

export interface ProcessRow extends NewProcess {
  readonly startedAt: Date;
  /** When it last renewed its row, by the database's clock. */
  readonly seenAt: Date;
  /** Whether the server has a session with its application name. */
  readonly isConnected: boolean;
  /** True when it has not renewed its row for a day. */
  readonly isOld: boolean;
}

/** A process that has no session and has not renewed its row for this long has ended. */
const keptDays = 1;

// The names of a process's other connections begin with the name of its pool.
const columns = `p.id, p.kind, p.host, p.pid, p.connection_count_max as "connectionCountMax", p.started_at as "startedAt",
  p.seen_at as "seenAt", p.seen_at < now() - make_interval(days => $1) as "isOld",
  exists (select from pg_stat_activity a where starts_with(a.application_name, p.application_name)) as "isConnected"`;

/** Stores the application_name of the connection too. A second call of the same process updates its row. */
export async function registerProcess(sql: Sql, { id, kind, host, pid, connectionCountMax }: NewProcess): Promise<void> {
  const text = `insert into processes (id, kind, host, pid, connection_count_max, application_name)
    values ($1, $2, $3, $4, $5, current_setting('application_name'))
    on conflict (id) do update set seen_at = now(), connection_count_max = excluded.connection_count_max`;
  await sql.query(text, [id, kind, host, pid, connectionCountMax]);
}

/** Renews the row. False when another process has deleted it: then the process registers again. */
export async function heartbeat(sql: Sql, id: string): Promise<boolean> {
  const { rowCount } = await sql.query("update processes set seen_at = now() where id = $1", [id]);
  return rowCount === 1;
}

export async function isRegistered(sql: Sql, id: string): Promise<boolean> {
  return (await sql.query("select from processes where id = $1", [id])).rowCount === 1;
}

export async function removeProcess(sql: Sql, id: string): Promise<void> {
  await sql.query("delete from processes where id = $1", [id]);
}

/** Also processes that have ended, until somebody removes them. Oldest first. */
export async function allProcesses(sql: Sql): Promise<readonly ProcessRow[]> {
  const text = `select ${columns} from processes p order by p.started_at, p.id`;
  const { rows } = await sql.query<ProcessRow>(text, [keptDays]);
  return rows;
}
