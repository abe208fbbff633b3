/** Whether PostgreSQL keeps statistics of statements here (the extension pg_stat_statements), and what to do where it does not. */

import { isConnectionLost } from "../postgres/database-error.ts";
import type { Sql } from "../postgres/sql.ts";

/** What a reader of figures must know that the figures cannot say: what is not seen, and what would show it. */
export interface Blindness {
  readonly lost: string;
  readonly remedy: string;
}

export type StatementStatistics =
  | { readonly kind: "ready"; /** The view's name with its schema, quoted. */ readonly view: string }
  | ({ readonly kind: "missing" } & Blindness);

interface Found {
  readonly isLoaded: boolean;
  readonly isAvailable: boolean;
  readonly view: string | null;
  readonly isCurrent: boolean | null;
}

const lost = "which statements are slow is not known";

/** Asks the catalogue only: works for any role, also where the extension is not. */
export async function statementStatistics(sql: Sql): Promise<StatementStatistics> {
  const { isLoaded, isAvailable, view, isCurrent } = await look(sql);
  if (!isAvailable) return missing("install PostgreSQL's contrib package, which has pg_stat_statements, on the server");
  if (!isLoaded) {
    return missing(
      "add pg_stat_statements to shared_preload_libraries, restart the server, then: create extension pg_stat_statements",
    );
  }
  if (view === null) return missing("as a superuser, in this database: create extension pg_stat_statements");
  // Mean and total time have their present names since version 1.8 of the extension, which came with PostgreSQL 13.
  if (isCurrent === false) return missing("as a superuser, in this database: alter extension pg_stat_statements update");
  return { kind: "ready", view };
}

/**
 * Creates the extension where the server has loaded it and this role may. A role that may not goes on without it: `statementStatistics`
 * then tells what is lost. Not in a transaction. Repeatable.
 */
export async function createStatementStatistics(sql: Sql): Promise<void> {
  const { isLoaded, isAvailable, view } = await look(sql);
  if (!isLoaded || !isAvailable || view !== null) return;
  try {
    await sql.query("create extension if not exists pg_stat_statements");
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    if (isConnectionLost(cause)) throw error;
  }
}

/** A library's settings exist once the server has loaded it, and any role may read them, unlike shared_preload_libraries. */
async function look(sql: Sql): Promise<Found> {
  const text = `select current_setting('pg_stat_statements.max', true) is not null as "isLoaded",
      exists (select from pg_available_extensions where name = 'pg_stat_statements') as "isAvailable",
      quote_ident(n.nspname) || '.pg_stat_statements' as view,
      string_to_array(e.extversion, '.')::integer[] >= array[1, 8] as "isCurrent"
    from (select) as one left join pg_extension e on e.extname = 'pg_stat_statements'
    left join pg_namespace n on n.oid = e.extnamespace`;
  const { rows } = await sql.query<Found>(text);
  return rows[0];
}

function missing(remedy: string): StatementStatistics {
  return { kind: "missing", lost, remedy };
}
