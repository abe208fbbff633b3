import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { type FaultProxy, startFaultProxy } from "../../../test-support/faults/fault-proxy.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../test-support/servers/store.ts";
import { announce, type Announcement, takeInvalidations } from "../tables/cache-invalidations.ts";
import { listen, type NotificationOptions } from "./notifications.ts";
import type { OpenDatabase } from "./open-database.ts";

let server: TestDatabase;
let proxy: FaultProxy;
let url: string;
let database: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  ({ url, database } = await openTestStore(server));
  proxy = await startFaultProxy({ host: new URL(url).hostname, port: Number(new URL(url).port) });
});
afterAll(async () => {
  await proxy.close();
  await database.close();
  await server.stop();
});

async function ear(options: Partial<NotificationOptions> = {}) {
  const heard: string[] = [];
  const gaps = { count: 0 };
  const throughProxy = Object.assign(new URL(url), { hostname: proxy.host, port: String(proxy.port) }).href;
  const notifications = await listen({
    url: throughProxy,
    applicationName: "nomaly test",
    onAnnouncement: ({ tags }) => void heard.push(...tags),
    onGap: () => void gaps.count++,
    ...options,
  });
  return { heard, gaps, notifications };
}

describe("listening", () => {
  it("hears what is committed, in order, and nothing of what is rolled back", async () => {
    const { heard, gaps, notifications } = await ear();
    await database.transaction((sql) => announce(sql, ["a", "b"]));
    const failing = database.transaction(async (sql) => {
      await announce(sql, ["never"]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await announce(database, ["c"]);
    await eventually("it hears", () => heard.length === 3);
    expect(heard).toEqual(["a", "b", "c"]);
    expect(gaps.count).toBe(0);
    await notifications.close();
  });

  it("hears thousands of tags of one announcement", async () => {
    const { heard, notifications } = await ear();
    const tags = Array.from(
      { length: 3000 },
      (_, index) => `detector:00000000-0000-0000-0000-${String(index).padStart(12, "0")}`,
    );
    await announce(database, tags);
    await eventually("it hears all", () => heard.length === 3000);
    expect(new Set(heard)).toEqual(new Set(tags));
    await notifications.close();
  });

  it("comes back when its connection is cut, and says that it was away", async () => {
    const { heard, gaps, notifications } = await ear();
    proxy.refuse();
    proxy.cut();
    await eventually("it knows", () => gaps.count === 1);
    expect(notifications.stats().isListening).toBe(false);
    await announce(database, ["missed"]);
    proxy.heal();
    await eventually("it is back", () => gaps.count === 2);
    await announce(database, ["heard"]);
    await eventually("it hears", () => heard.includes("heard"));
    expect(heard).not.toContain("missed");
    expect(notifications.stats()).toMatchObject({ isListening: true, gaps: 1 });
    await notifications.close();
  });

  it("notices a connection that is silently dead", async () => {
    const { heard, gaps, notifications } = await ear({ checkMs: 50 });
    proxy.blackhole();
    await eventually("it knows", () => gaps.count >= 1);
    proxy.heal();
    await eventually("it is back", () => notifications.stats().isListening && gaps.count >= 2, 20_000);
    await announce(database, ["heard"]);
    await eventually("it hears", () => heard.includes("heard"));
    await notifications.close();
  });

  it("hears of a change under the id that its row in the table has, whichever part of the transaction announces it", async () => {
    const { database: own, url: ownUrl } = await openTestStore(server);
    const messages: Announcement[] = [];
    const options = { applicationName: "nomaly test", onGap: () => {} };
    const notifications = await listen({ ...options, url: ownUrl, onAnnouncement: (one) => void messages.push(one) });
    const changeId = await own.transaction(async (sql) => {
      await announce(sql, ["a"]);
      await announce(sql, ["b", "c"]);
      return sql.announced?.changeId;
    });
    await announce(own, ["d"]);
    await eventually("it hears", () => messages.length === 3);
    const kept = (await takeInvalidations(own, 10)).map(({ changeId: id, tags }) => ({ changeId: id, tags }));
    expect(messages).toEqual(kept);
    expect(messages.map((message) => message.changeId === changeId)).toEqual([true, true, false]);
    await notifications.close();
    await own.close();
  });

  it("counts what is no announcement", async () => {
    const { heard, notifications } = await ear();
    await database.query("select pg_notify('nomaly_cache', m) from unnest(array['hello', '[1]', 'null', '{\"tags\":[]}']) as m");
    await eventually("all came", () => notifications.stats().malformed === 4);
    expect(heard).toEqual([]);
    await notifications.close();
  });

  it("can be closed while the database is away", async () => {
    const { gaps, notifications } = await ear();
    proxy.refuse();
    proxy.cut();
    await eventually("it knows", () => gaps.count === 1);
    await notifications.close();
    proxy.heal();
  });
});
