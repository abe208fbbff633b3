import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { openContext, type OpenContext } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { createKey, listKeys, ownerOfKey, revokeKey } from "./keys.ts";

let server: TestDatabase;
let opened: OpenContext;
beforeAll(async () => {
  server = await startTestDatabase();
  opened = await openContext(await server.createDatabase());
});
afterAll(async () => {
  await opened.close();
  await server.stop();
});

const database = () => opened.context.database;
const owner = (key: string) => ownerOfKey(opened.context, key);
const made = (expiresAt: Date | null = null) => createKey(database(), { name: "test", scopes: ["read", "train"], expiresAt });

/** Another letter of the same alphabet in one place. */
function changed(key: string, at: number): string {
  return key.slice(0, at) + (key[at] === "A" ? "B" : "A") + key.slice(at + 1);
}

describe("an API key", () => {
  it("is known again with its id and scopes, at once and from the cache", async () => {
    const { id, key } = await made();
    expect(key).toMatch(/^nomaly_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(await owner(key)).toEqual({ id, scopes: ["read", "train"] });
    expect(await owner(key)).toEqual({ id, scopes: ["read", "train"] });
  });

  it("is nobody's with another letter anywhere in its secret", async () => {
    const { key } = await made();
    const secretAt = "nomaly_".length + 33;
    expect(await owner(changed(key, secretAt))).toBeUndefined();
    expect(await owner(changed(key, secretAt + 20))).toBeUndefined();
    // Of the last letter only some bits count: the one before it.
    expect(await owner(changed(key, key.length - 2))).toBeUndefined();
    expect(await owner(key)).toBeDefined();
  });

  it("is nobody's with the secret of another key", async () => {
    const [one, other] = [await made(), await made()];
    const secretAt = "nomaly_".length + 33;
    expect(await owner(one.key.slice(0, secretAt) + other.key.slice(secretAt))).toBeUndefined();
  });

  it.each([[""], ["nomaly_"], ["nomaly_00000000000070008000000000000000_"], ["key"]])("is not %j", async (text) => {
    expect(await owner(text)).toBeUndefined();
  });

  it("is not a well formed one that was never made, nor one with something before or behind it", async () => {
    const { key } = await made();
    expect(await owner(`nomaly_${"0".repeat(32)}_${"A".repeat(43)}`)).toBeUndefined();
    expect(await owner(`x${key}`)).toBeUndefined();
    expect(await owner(`${key}A`)).toBeUndefined();
  });

  it("ends at its time, also where it is cached", async () => {
    expect(await owner((await made(new Date(Date.now() - 1))).key)).toBeUndefined();
    const end = Date.now() + 3_600_000;
    const { id, key } = await made(new Date(end));
    vi.useFakeTimers({ toFake: ["Date"], now: end - 1 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await owner(key)).toEqual({ id, scopes: ["read", "train"] });
    vi.setSystemTime(end);
    expect(await owner(key)).toBeUndefined();
  });

  it("is nobody's once it is revoked, and that is written down", async () => {
    const { id, key } = await made();
    expect(await owner(key)).toBeDefined();
    await revokeKey(database(), id);
    await eventually("the cache has heard of it", async () => (await owner(key)) === undefined);
    const { rows } = await database().query<{ action: string }>(
      "select action from audit_log where subject_id = $1 order by id",
      [id],
    );
    expect(rows.map(({ action }) => action)).toEqual(["api-key.create", "api-key.revoke"]);
  });

  it("that is not there cannot be revoked", async () => {
    const id = "00000000-0000-7000-8000-000000000000";
    await expect(revokeKey(database(), id)).rejects.toMatchObject({ code: "NOT_FOUND", field: "id", received: id });
  });

  it("is kept as a hash: neither key nor secret stands in the database", async () => {
    const { id, key } = await made();
    const kept = (await listKeys(database())).find((row) => row.id === id);
    expect(kept).toMatchObject({ name: "test", scopes: ["read", "train"], revokedAt: null });
    expect(kept?.keyHash).toHaveLength(32);
    const { rows } = await database().query<{ all: string }>(
      'select to_jsonb(api_keys)::text as "all" from api_keys where id = $1',
      [id],
    );
    expect(rows[0].all).not.toContain(key.slice(-43));
  });
});
