/** Idempotency keys: a request that is sent twice under one key is done once, and both get the same response. */

import { NomalyError } from "@nomaly/detect";
import type { Sql } from "../postgres/sql.ts";

export interface IdempotentRequest {
  readonly actor: string;
  readonly key: string;
  /** Hash of method, path and body. */
  readonly requestHash: string;
}

export interface StoredResponse {
  readonly status: number;
  readonly response: unknown;
}

/**
 * `undefined` for a new key: the caller does the request and calls `storeResponse` in the same transaction. Otherwise the response of
 * the first request. Waits while another transaction holds the same key.
 * @throws NomalyError CONFLICT when another request had this key.
 */
export async function claimKey(sql: Sql, { actor, key, requestHash }: IdempotentRequest): Promise<StoredResponse | undefined> {
  const claim = "insert into idempotency_keys (actor, key, request_hash) values ($1, $2, $3) on conflict (actor, key) do nothing";
  const { rowCount } = await sql.query(claim, [actor, key, requestHash]);
  if (rowCount === 1) return undefined;
  const stored = await findKey(sql, actor, key);
  // Maintenance deleted the old key between the two statements.
  if (stored === undefined) throw conflict("its first request is forgotten; use a new key", key);
  return answerOf(stored, key, requestHash);
}

/** The response of the first request, if there is one; claims nothing. @throws NomalyError CONFLICT as `claimKey`. */
export async function earlierResponse(
  sql: Sql,
  { actor, key, requestHash }: IdempotentRequest,
): Promise<StoredResponse | undefined> {
  const stored = await findKey(sql, actor, key);
  return stored === undefined ? undefined : answerOf(stored, key, requestHash);
}

interface FoundKey {
  readonly requestHash: string;
  readonly status: number | null;
  readonly response: unknown;
}

async function findKey(sql: Sql, actor: string, key: string): Promise<FoundKey | undefined> {
  const text = `select request_hash as "requestHash", status, response from idempotency_keys where actor = $1 and key = $2`;
  const { rows } = await sql.query<FoundKey>(text, [actor, key]);
  return rows.at(0);
}

function answerOf({ requestHash, status, response }: FoundKey, key: string, askedHash: string): StoredResponse {
  if (requestHash !== askedHash) throw conflict("it was used for another request; use a new key", key);
  if (status === null) throw conflict("its first request has no answer; use a new key", key);
  return { status, response };
}

/** To be called in the transaction that claimed the key. */
export async function storeResponse(
  sql: Sql,
  { actor, key }: IdempotentRequest,
  { status, response }: StoredResponse,
): Promise<void> {
  const text = "update idempotency_keys set status = $3, response = $4 where actor = $1 and key = $2";
  await sql.query(text, [actor, key, status, JSON.stringify(response ?? null)]);
}

/** @returns the number of deleted keys. */
export async function deleteOldKeys(sql: Sql, ageHours: number): Promise<number> {
  const { rowCount } = await sql.query("delete from idempotency_keys where created_at < now() - make_interval(hours => $1)", [
    ageHours,
  ]);
  return rowCount;
}

function conflict(why: string, key: string): NomalyError {
  return new NomalyError("CONFLICT", `the idempotency key cannot be used again: ${why}`, {
    field: "idempotency-key",
    received: key,
  });
}
