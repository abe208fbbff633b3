/** Lists the audit log, which says who changed what. */

import { type AuditEntry, listAuditEntries } from "../../store/tables/audit-log.ts";
import type { ServiceContext } from "../core/context.ts";
import { badCursor, type Page, type PageQuery } from "../core/pages.ts";

export interface AuditView {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject_kind: string;
  readonly subject_id: string | null;
  readonly request_id: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

const defaultLimit = 100;
/** A positive number that fits into a bigint. */
const cursorPattern = /^[1-9][0-9]{0,17}$/;

/** Newest first. */
export async function findAuditEntries(
  { database }: ServiceContext,
  { limit = defaultLimit, cursor }: PageQuery,
): Promise<Page<AuditView>> {
  if (cursor !== undefined && !cursorPattern.test(cursor)) throw badCursor(cursor);
  const rows = await listAuditEntries(database.read, { limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) });
  const items = rows.slice(0, limit).map(viewOf);
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

function viewOf({ id, at, actor, action, subjectKind, subjectId, requestId, details }: AuditEntry): AuditView {
  return {
    id,
    at: at.toISOString(),
    actor,
    action,
    subject_kind: subjectKind,
    subject_id: subjectId,
    request_id: requestId,
    details: details as Readonly<Record<string, unknown>>,
  };
}
