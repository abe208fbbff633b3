/** The processes that work on this database, as they say themselves. */

import type { Sql } from "../postgres/sql.ts";

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
  /** By the database's clock, to be compared with another of the same process. */
  readonly seenAt: Date;
  /** Whether the server has a session of its name. */
  readonly isConnected: boolean;
  /** Not heard of for a day. */
  readonly isOld: boolean;
}

/** Without a sign for so long, and without a session, a process is gone, whatever happened to the database meanwhile. */
const keptDays = 1;

// What a process opens beside its pool begins with the pool's name.
const columns = `p.id, p.kind, p.host, p.pid, p.connection_count_max as "connectionCountMax", p.started_at as "startedAt",
  p.seen_at as "seenAt", p.seen_at < now() - make_interval(days => $1) as "isOld",
  exists (select from pg_stat_activity a where starts_with(a.application_name, p.application_name)) as "isConnected"`;

/** Under the name of the connection that says so. A second call of the same process brings its row up to date. */
export async function registerProcess(sql: Sql, { id, kind, host, pid, connectionCountMax }: NewProcess): Promise<void> {
  const text = `insert into processes (id, kind, host, pid, connection_count_max, application_name)
    values ($1, $2, $3, $4, $5, current_setting('application_name'))
    on conflict (id) do update set seen_at = now(), connection_count_max = excluded.connection_count_max`;
  await sql.query(text, [id, kind, host, pid, connectionCountMax]);
}

/** False when somebody has removed it: it registers again. */
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

/** With those that were never heard of again, until somebody removes them. Oldest first. */
export async function allProcesses(sql: Sql): Promise<readonly ProcessRow[]> {
  const text = `select ${columns} from processes p order by p.started_at, p.id`;
  const { rows } = await sql.query<ProcessRow>(text, [keptDays]);
  return rows;
}
