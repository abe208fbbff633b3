/** Who waits for a lock now, for how long, and who holds it. */

import type { Sql } from "../postgres/sql.ts";
import { textCharsMax } from "./database-figures.ts";
import { hideLiterals, shortened } from "./hide-literals.ts";

export interface LockSession {
  readonly pid: number;
  readonly application_name: string | null;
  /** Such as "active", or "idle in transaction"; null, as the query, when this role may not see it. */
  readonly state: string | null;
  /** Its present statement, or its last one; values are hidden. */
  readonly query: string | null;
  /** How long its transaction has been open. */
  readonly transaction_ms: number | null;
}

export interface LockWait extends LockSession {
  readonly waited_ms: number | null;
  /** The sessions that it waits for, directly. */
  readonly waits_for: readonly LockSession[];
}

const countMax = 50;

/** The longest wait first. */
export async function lockWaits(sql: Sql): Promise<readonly LockWait[]> {
  // The time of the wait itself came with PostgreSQL 14.
  const version = "select current_setting('server_version_num')::integer >= 140000 as \"hasStart\"";
  const start = (await sql.query<{ hasStart: boolean }>(version)).rows[0].hasStart
    ? "(select min(waitstart) from pg_locks l where l.pid = a.pid and not l.granted)"
    : "a.query_start";
  const text = `
    with waiting as (
      select pid, pg_blocking_pids(pid) as blockers, extract(epoch from clock_timestamp() - ${start})::float8 * 1000 as waited_ms
      from pg_stat_activity a where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0
      order by waited_ms desc nulls last, pid limit ${countMax}
    )
    select w.pid as "waiterPid", w.waited_ms as "waitedMs", w.blockers, a.pid, a.application_name, a.state, left(a.query, ${textCharsMax}) as query,
      extract(epoch from clock_timestamp() - a.xact_start)::float8 * 1000 as transaction_ms
    from waiting w join pg_stat_activity a on a.pid = w.pid or a.pid = any(w.blockers)
    order by w.waited_ms desc nulls last, w.pid, a.pid`;
  interface Row extends LockSession {
    readonly waiterPid: number;
    readonly waitedMs: number | null;
  }
  const waits = new Map<number, { waiter?: LockSession; waited_ms: number | null; waits_for: LockSession[] }>();
  for (const { waiterPid, waitedMs, pid, application_name, state, query, transaction_ms } of (await sql.query<Row>(text)).rows) {
    const wait = waits.get(waiterPid) ?? { waited_ms: waitedMs, waits_for: [] };
    waits.set(waiterPid, wait);
    const shown = query === null || state === null ? null : shortened(hideLiterals(query));
    const session = { pid, application_name, state, query: shown, transaction_ms };
    if (pid === waiterPid) wait.waiter = session;
    else wait.waits_for.push(session);
  }
  return [...waits.values()].flatMap(({ waiter, ...wait }) => (waiter === undefined ? [] : [{ ...waiter, ...wait }]));
}
