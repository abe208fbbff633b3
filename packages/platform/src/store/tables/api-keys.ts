/** The table of API keys: it holds a hash of each key, never the key. */

import { announce } from "./cache-invalidations.ts";
import { isId } from "../../ids/ids.ts";
import { apiKeyTag } from "../../ids/tags.ts";
import type { Sql } from "../postgres/sql.ts";

export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
}

export interface ApiKeyRow extends NewApiKey {
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** Exact to a minute. */
  readonly lastUsedAt: Date | null;
}

const listedMax = 10_000;

const columns = `id, name, key_hash as "keyHash", scopes, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", last_used_at as "lastUsedAt"`;

export async function insertApiKey(sql: Sql, key: NewApiKey): Promise<ApiKeyRow> {
  const text = `insert into api_keys (id, name, key_hash, scopes, expires_at) values ($1, $2, $3, $4, $5) returning ${columns}`;
  const { rows } = await sql.query<ApiKeyRow>(text, [key.id, key.name, key.keyHash, key.scopes, key.expiresAt]);
  await announce(sql, [apiKeyTag(key.id)]);
  return rows[0];
}

/** Also finds revoked and expired keys: the caller refuses those. */
export async function apiKeyById(sql: Sql, id: string): Promise<ApiKeyRow | undefined> {
  if (!isId(id)) return undefined;
  const { rows } = await sql.query<ApiKeyRow>(`select ${columns} from api_keys where id = $1`, [id]);
  return rows[0];
}

/** Newest first. */
export async function listApiKeys(sql: Sql): Promise<readonly ApiKeyRow[]> {
  const text = `select ${columns} from api_keys order by created_at desc, id desc limit $1`;
  const { rows } = await sql.query<ApiKeyRow>(text, [listedMax]);
  return rows;
}

/** In a transaction. Keeps the time of the first revocation. False when there is no such key. */
export async function revokeApiKey(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  const text = "update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1";
  const { rowCount } = await sql.query(text, [id]);
  if (rowCount === 0) return false;
  await announce(sql, [apiKeyTag(id)]);
  return true;
}

/** Writes at most once a minute for each key, however often it is used. */
export async function apiKeyUsed(sql: Sql, id: string): Promise<void> {
  const text = `update api_keys set last_used_at = now()
    where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`;
  await sql.query(text, [id]);
}
