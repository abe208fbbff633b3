/** A change of what is stored: one transaction with its audit entry, then the caches told, once each however often it is sent. */

import { insertAuditEntry } from "../store/audit-log.ts";
import { claimKey, storeResponse } from "../store/idempotency.ts";
import type { Sql } from "../store/sql.ts";
import type { Call, ServiceContext } from "./context.ts";

export interface Change<Value> {
  /** As in `detector.create`. */
  readonly action: string;
  readonly subjectKind: string;
  readonly work: (sql: Sql) => Promise<Changed<Value>>;
}

export interface Changed<Value> {
  readonly value: Value;
  readonly subjectId: string | null;
  /** What caches must forget, as the tables announced it. */
  readonly tags: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Done<Value> {
  readonly value: Value;
  /** True when an earlier request under the same key had done it: `value` is what that one was told. */
  readonly isRepeated: boolean;
}

/** @throws NomalyError CONFLICT when the idempotency key was used for another request, and what the work throws. */
export async function change<Value>(
  context: ServiceContext,
  call: Call,
  { action, subjectKind, work }: Change<Value>,
): Promise<Done<Value>> {
  const { actor, requestId, idempotency } = call;
  const request = idempotency === undefined ? undefined : { actor, ...idempotency };
  const outcome = await context.database.transaction(async (sql) => {
    const stored = request === undefined ? undefined : await claimKey(sql, request);
    if (stored !== undefined) return { value: stored.response as Value, isRepeated: true, tags: [] };
    const { value, subjectId, tags, details } = await work(sql);
    await insertAuditEntry(sql, {
      actor,
      action,
      subjectKind,
      subjectId,
      requestId,
      ...(details === undefined ? {} : { details }),
    });
    if (request !== undefined) await storeResponse(sql, request, { status: 200, response: value });
    return { value, isRepeated: false, tags };
  });
  await context.cache.invalidate(outcome.tags);
  return { value: outcome.value, isRepeated: outcome.isRepeated };
}
