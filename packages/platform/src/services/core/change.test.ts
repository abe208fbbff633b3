import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openContext, someCall, type OpenContext } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { detectorInfoEntry } from "../../cache/keys.ts";
import { detectorTag } from "../../ids/tags.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { announce } from "../../store/tables/cache-invalidations.ts";
import { change, earlierAnswer } from "./change.ts";
import type { Call } from "./context.ts";

let server: TestDatabase;
let opened: OpenContext;
beforeAll(async () => {
  server = await startTestDatabase();
  opened = await openContext(await server.createDatabase());
  await opened.context.database.query("create table done (what text)");
});
afterAll(async () => {
  await opened.close();
  await server.stop();
});

function callOf(key?: string, requestHash = "hash"): Call {
  return { ...someCall(), ...(key === undefined ? {} : { idempotency: { key, requestHash } }) };
}

/** Writes that it was done, and says how often it was. */
function doing(what: string, { fails = false, tags = [] as readonly string[] } = {}) {
  return {
    action: "test.do",
    subjectKind: "test",
    status: 201,
    work: async (sql: Sql) => {
      await sql.query("insert into done values ($1)", [what]);
      await announce(sql, tags);
      if (fails) throw new Error("it failed");
      return { value: { what }, subjectId: what, details: { why: "a test" } };
    },
  };
}

const count = async (text: string, what: string) =>
  (await opened.context.database.query<{ count: number }>(text, [what])).rows[0].count;
const doneCount = (what: string) => count("select count(*)::integer as count from done where what = $1", what);
const auditCount = (what: string) =>
  count(
    `select count(*)::integer as count from audit_log where subject_id = $1 and action = 'test.do' and actor = 'test'
       and subject_kind = 'test' and details = '{"why": "a test"}'`,
    what,
  );

describe("a change", () => {
  it("is done and written down, and says that it is no repetition", async () => {
    expect(await change(opened.context, callOf(), doing("one"))).toEqual({ value: { what: "one" }, isRepeated: false });
    expect([await doneCount("one"), await auditCount("one")]).toEqual([1, 1]);
  });

  it("without a key is done as often as it is sent", async () => {
    for (let i = 0; i < 2; i++) await change(opened.context, callOf(), doing("often"));
    expect([await doneCount("often"), await auditCount("often")]).toEqual([2, 2]);
    expect(await earlierAnswer(opened.context, callOf())).toBeUndefined();
  });

  it("under a key is done once, and answered as the first time", async () => {
    expect(await earlierAnswer(opened.context, callOf("k1"))).toBeUndefined();
    await change(opened.context, callOf("k1"), doing("once"));
    expect(await change(opened.context, callOf("k1"), doing("twice"))).toEqual({ value: { what: "once" }, isRepeated: true });
    expect([await doneCount("once"), await doneCount("twice"), await auditCount("once")]).toEqual([1, 0, 1]);
    expect(await earlierAnswer(opened.context, callOf("k1"))).toEqual({ status: 201, response: { what: "once" } });
  });

  it("under a key that was used for another request is refused, and not done", async () => {
    await change(opened.context, callOf("k2"), doing("first"));
    const conflict = { code: "CONFLICT", field: "idempotency-key", received: "k2" };
    await expect(change(opened.context, callOf("k2", "other"), doing("second"))).rejects.toMatchObject(conflict);
    await expect(earlierAnswer(opened.context, callOf("k2", "other"))).rejects.toMatchObject(conflict);
    expect(await doneCount("second")).toBe(0);
  });

  it("under the key of somebody else is done", async () => {
    await change(opened.context, callOf("k3"), doing("mine"));
    const other = { ...callOf("k3"), actor: "somebody else" };
    expect(await change(opened.context, other, doing("theirs"))).toMatchObject({ isRepeated: false });
  });

  it("that fails leaves nothing, neither what it did nor its key", async () => {
    await expect(change(opened.context, callOf("k4"), doing("failing", { fails: true }))).rejects.toThrow("it failed");
    expect([await doneCount("failing"), await auditCount("failing")]).toEqual([0, 0]);
    expect(await change(opened.context, callOf("k4"), doing("again"))).toMatchObject({ isRepeated: false });
  });

  it("is undone when its last statements fail", async () => {
    const finish = () => Promise.reject(new Error("at the end"));
    await expect(change(opened.context, callOf("k5"), { ...doing("unfinished"), finish })).rejects.toThrow("at the end");
    expect([await doneCount("unfinished"), await auditCount("unfinished")]).toEqual([0, 0]);
  });

  it("lets the caches forget what its statements announce when it is done, and nothing when it is a repetition", async () => {
    const { cache } = opened.context;
    const entry = detectorInfoEntry("7");
    const load = async () => "old";
    const isKept = async () => (await cache.get(entry, load)).from !== "load";
    await cache.get(entry, load);
    await change(opened.context, callOf("k6"), doing("other tags", { tags: [detectorTag("8")] }));
    expect(await isKept()).toBe(true);
    await change(opened.context, callOf("k7"), doing("its tags", { tags: [detectorTag("7")] }));
    expect(await isKept()).toBe(false);
    await change(opened.context, callOf("k7"), doing("its tags", { tags: [detectorTag("7")] }));
    expect(await isKept()).toBe(true);
  });
});
