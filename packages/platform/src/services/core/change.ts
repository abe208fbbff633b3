/** A change of what is stored: one transaction with its audit entry, done once however often it is sent. Its statements say what caches forget. */

import { insertAuditEntry } from "../../store/tables/audit-log.ts";
import { claimKey, earlierResponse, storeResponse, type StoredResponse } from "../../store/tables/idempotency.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import type { Call, ServiceContext } from "./context.ts";
import { noRoom } from "./room.ts";

export interface Change<Value> {
  /** As in `detector.create`. */
  readonly action: string;
  readonly subjectKind: string;
  readonly work: (sql: Sql) => Promise<Changed<Value>>;
  /** What a repeated request is answered with; 200 by default. */
  readonly status?: number;
  /** It removes something: also done when the disk is full. */
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
  /** True when an earlier request under the same key had done it: `value` is what that one was told. */
  readonly isRepeated: boolean;
}

/** @throws NomalyError CONFLICT when the idempotency key was used for another request, STORAGE, and what the work throws. */
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
 * The answer that an earlier request under the same key got, before any of its work is repeated; `undefined` without a key, or when
 * it is new. Of two that come at once both may work: `change` lets one of them count.
 * @throws NomalyError CONFLICT when the key was used for another request.
 */
export async function earlierAnswer(
  { database }: ServiceContext,
  { idempotency, actor }: Call,
): Promise<StoredResponse | undefined> {
  return idempotency === undefined ? undefined : earlierResponse(database, { actor, ...idempotency });
}
