/** The tables that belong to the service: a database may hold others, which are left alone. */

import type { Sql } from "../postgres/sql.ts";

export interface OurTable {
  /** With its schema, quoted where SQL needs it. */
  readonly name: string;
  readonly oid: number;
}

/** Of the migrations; tables of months come with theirs. */
export const tableNames: readonly string[] = [
  "alert_evaluator",
  "alert_events",
  "alert_messages",
  "alert_readings",
  "alert_receivers",
  "alert_rules",
  "alert_silences",
  "alert_states",
  "api_keys",
  "audit_log",
  "blob_removals",
  "cache_invalidations",
  "datasets",
  "detection_results",
  "detector_hyperparameters",
  "detectors",
  "idempotency_keys",
  "installation",
  "model_versions",
  "performance_samples",
  "processes",
  "request_counts",
  "schedules",
  "schema_migrations",
  "stored_bytes",
  "trainings",
];

/** The queue's library has a schema of its own. */
const queueSchema = "pgboss";

/** Those with rows of their own, in order of their names: not the partitioned ones, but their partitions. */
export async function ourTables(sql: Sql): Promise<readonly OurTable[]> {
  const text = `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name, c.oid::integer as oid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_class root on root.oid = pg_partition_root(c.oid)
    where c.relkind = 'r' and (n.nspname = $2
      or (n.oid = current_schema()::regnamespace and coalesce(root.relname, c.relname) = any($1::text[])))
    order by n.nspname, c.relname`;
  return (await sql.query<OurTable>(text, [tableNames, queueSchema])).rows;
}
