/** The audit log: one row for each change, with who changed what, written in the transaction of the change. */

import type { Sql } from "../postgres/sql.ts";

export interface NewAuditEntry {
  /** The key or token, as in `api-key:<id>`, or `local`. */
  readonly actor: string;
  /** As in `detector.create`. */
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string | null;
  readonly requestId: string | null;
  readonly details?: object;
}

export interface AuditEntry extends Required<NewAuditEntry> {
  /** A number as text, larger for later entries. */
  readonly id: string;
  readonly at: Date;
}

export async function insertAuditEntry(sql: Sql, entry: NewAuditEntry): Promise<void> {
  const { actor, action, subjectKind, subjectId, requestId, details = {} } = entry;
  const text =
    "insert into audit_log (actor, action, subject_kind, subject_id, request_id, details) values ($1, $2, $3, $4, $5, $6)";
  await sql.query(text, [actor, action, subjectKind, subjectId, requestId, JSON.stringify(details)]);
}

/** Newest first; `before` is the last id of the previous page. */
export async function listAuditEntries(
  sql: Sql,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<readonly AuditEntry[]> {
  const text = `select id, at, actor, action, subject_kind as "subjectKind", subject_id as "subjectId", request_id as "requestId", details
    from audit_log where $1::bigint is null or id < $1 order by id desc limit $2`;
  const { rows } = await sql.query<AuditEntry>(text, [before ?? null, limit]);
  return rows;
}

/** @returns the number of deleted entries. */
export async function deleteOldAuditEntries(sql: Sql, ageDays: number): Promise<number> {
  const { rowCount } = await sql.query("delete from audit_log where at < now() - make_interval(days => $1)", [ageDays]);
  return rowCount;
}
