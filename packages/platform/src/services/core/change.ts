/** Runs a change in one transaction with its audit entry, and once for each idempotency key. */

import { insertAuditEntry } from "../../store/tables/audit-log.ts";
import { claimKey, earlierResponse, storeResponse, type StoredResponse } from "../../store/tables/idempotency.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import type { Call, ServiceContext } from "./context.ts";
import { noRoom } from "./room.ts";

export interface Change<Value> {
  /** Such as `detector.create`. */
  readonly action: string;
  readonly subjectKind: string;
  readonly work: (sql: Sql) => Promise<Changed<Value>>;
  /** The HTTP status that is stored for a repeated request; 200 by default. */
  readonly status?: number;
  /** True for a removal, which also runs when the disk is full. */
  readonly frees?: boolean;
  /** The last statements of the transaction. */
  readonly finish?: (sql: Sql, value: Value) => Promise<void>;
}

export interface Changed<Value> {
  readonly value: Value;
  readonly subjectId: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Done<Value> {
  readonly value: Value;
  /** True when an earlier request under the same key made the change: `value` is the response of that request. */
  readonly isRepeated: boolean;
}

/** @throws NomalyError CONFLICT when the idempotency key was used for another request, STORAGE, and the errors of the work. */
export async function change<Value>(
  context: ServiceContext,
  call: Call,
  { action, subjectKind, work, status = 200, frees = false, finish }: Change<Value>,
): Promise<Done<Value>> {
  const { actor, requestId, idempotency } = call;
  if (!frees && context.reserve.isShort()) {
    const earlier = await earlierAnswer(context, call);
    if (earlier === undefined) throw noRoom();
    return { value: earlier.response as Value, isRepeated: true };
  }
  const request = idempotency === undefined ? undefined : { actor, ...idempotency };
  return context.database.withSignal(call.signal).transaction(async (sql) => {
    const stored = request === undefined ? undefined : await claimKey(sql, request);
    if (stored !== undefined) return { value: stored.response as Value, isRepeated: true };
    const { value, subjectId, details } = await work(sql);
    await insertAuditEntry(sql, {
      actor,
      action,
      subjectKind,
      subjectId,
      requestId,
      ...(details === undefined ? {} : { details }),
    });
    if (request !== undefined) await storeResponse(sql, request, { status, response: value });
    await finish?.(sql, value);
    return { value, isRepeated: false };
  });
}

/**
 * The response of an earlier request under the same idempotency key; `undefined` without a key, or for a new one. Two requests at once
 * may both find none and both work: `change` commits only one of them.
 * @throws NomalyError CONFLICT when the key was used for another request.
 */
export async function earlierAnswer(
  { database }: ServiceContext,
  { idempotency, actor }: Call,
): Promise<StoredResponse | undefined> {
  return idempotency === undefined ? undefined : earlierResponse(database, { actor, ...idempotency });
}
