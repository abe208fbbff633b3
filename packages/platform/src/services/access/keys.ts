/** Makes, lists, revokes and checks API keys. The database holds only a hash of each, so nobody can read a key from it. */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { userInfo } from "node:os";
import { NomalyError } from "@nomaly/detect";
import { apiKeyEntry } from "../../cache/keys.ts";
import { apiKeyById, type ApiKeyRow, apiKeyUsed, insertApiKey, listApiKeys, revokeApiKey } from "../../store/tables/api-keys.ts";
import { insertAuditEntry } from "../../store/tables/audit-log.ts";
import { newId } from "../../ids/ids.ts";
import type { Database, Sql } from "../../store/postgres/sql.ts";
import type { ServiceContext } from "../core/context.ts";

/** `nomaly_`, the id without its dashes, the secret. By the prefix, scanners of source code find leaked keys. */
const keyPattern = /^nomaly_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
const secretBytes = 32;

export interface KeyOwner {
  readonly id: string;
  readonly scopes: readonly string[];
}

export interface KeyDescription {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
}

/** @returns the key, which cannot be read again later. */
export async function createKey(
  database: Database,
  given: KeyDescription,
): Promise<{ readonly id: string; readonly key: string }> {
  const id = newId();
  const secret = randomBytes(secretBytes).toString("base64url");
  await database.transaction(async (sql) => {
    await insertApiKey(sql, { ...given, id, keyHash: hashOf(secret) });
    await audit(sql, "api-key.create", id, { name: given.name, scopes: given.scopes });
  });
  return { id, key: `nomaly_${id.replaceAll("-", "")}_${secret}` };
}

export function listKeys(database: Database): Promise<readonly ApiKeyRow[]> {
  return listApiKeys(database);
}

/** Takes effect at once in every process. @throws NomalyError NOT_FOUND. */
export async function revokeKey(database: Database, id: string): Promise<void> {
  const isFound = await database.transaction(async (sql) => {
    const isRevoked = await revokeApiKey(sql, id);
    if (isRevoked) await audit(sql, "api-key.revoke", id, {});
    return isRevoked;
  });
  if (!isFound) throw new NomalyError("NOT_FOUND", `there is no key ${id}`, { field: "id", received: id });
}

/** Users make and revoke keys on the command line, which needs the database's password. */
function audit(sql: Sql, action: string, subjectId: string, details: Readonly<Record<string, unknown>>): Promise<void> {
  const actor = `cli:${userInfo().username}`;
  return insertAuditEntry(sql, { actor, action, subjectKind: "api-key", subjectId, requestId: null, details });
}

interface KnownKey {
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly expires_at: number | null;
}

/** `undefined` for a malformed, unknown, expired or revoked key. */
export async function ownerOfKey(
  { cache, database }: Pick<ServiceContext, "cache" | "database">,
  key: string,
): Promise<KeyOwner | undefined> {
  const [, hex = "", secret = ""] = keyPattern.exec(key) ?? [];
  if (secret === "") return undefined;
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const { value } = await cache.get<KnownKey>(apiKeyEntry(id), async () => {
    const row = await apiKeyById(database, id);
    if (row === undefined || row.revokedAt !== null) return undefined;
    await apiKeyUsed(database, id);
    return { hash: Buffer.from(row.keyHash).toString("hex"), scopes: row.scopes, expires_at: row.expiresAt?.getTime() ?? null };
  });
  if (value === undefined || !timingSafeEqual(hashOf(secret), Buffer.from(value.hash, "hex"))) return undefined;
  if (value.expires_at !== null && value.expires_at <= Date.now()) return undefined;
  return { id, scopes: value.scopes };
}

/** A secret of 256 random bits cannot be guessed, so it needs no slow hash. */
function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
