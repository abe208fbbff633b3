import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestDatabase, openTestStore } from "../../../test-support/servers/store.ts";
import { readConfig } from "../../config/read-config.ts";
import { connectionBudget } from "../../store/postgres/connection-budget.ts";
import { newId } from "../../ids/ids.ts";
import type { OpenDatabase } from "../../store/postgres/open-database.ts";
import { allProcesses, registerProcess, removeProcess } from "../../store/tables/processes.ts";
import { registerThisProcess } from "./register-process.ts";

let server: TestDatabase;
let url: string;
/** As other processes would use it. */
let outside: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  ({ url, database: outside } = await openTestStore(server));
});
afterAll(async () => {
  await outside.close();
  await server.stop();
});

const opened: OpenDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
  await outside.query("delete from processes");
});

const log = { info: () => {}, warn: () => {}, error: () => {} };
const settings = { database_pool_size: "8", database_max_overflow: "2", database_connection_reserve: "10" };
const count = 15;

/** Registers a process and opens its pool, as a service does. */
async function registered(): Promise<{ readonly id: string; readonly database: OpenDatabase }> {
  const id = newId();
  const { config } = readConfig({ commandLine: settings, environment: {} });
  const { sizes, applicationName, admit } = await registerThisProcess({ id, kind: "serve", url, config, log });
  const database = openTestDatabase({ url, applicationName, admit, ...sizes });
  opened.push(database);
  return { id, database };
}

const countedIds = async () => (await allProcesses(outside)).map(({ id }) => id);

describe("a process that others took for gone", () => {
  it("is counted again before it uses its pool", async () => {
    const { id, database } = await registered();
    await removeProcess(outside, id);
    await database.query("select 1");
    expect(await countedIds()).toEqual([id]);
    expect(await connectionBudget(outside, 10)).toMatchObject({ claimed: count, processCount: 1 });
  });

  it("is refused a connection while others have its place, in words and as passing, and goes on when they leave", async () => {
    const { id, database } = await registered();
    await removeProcess(outside, id);
    const { available } = await connectionBudget(outside, 10);
    const other = { id: newId(), kind: "serve", host: "other", pid: 1, connectionCountMax: available - count + 1 } as const;
    await registerProcess(outside, other);
    const refused = expect(database.query("select 1")).rejects;
    await refused.toMatchObject({ code: "DATABASE", message: expect.stringContaining("other processes have taken") });
    await expect(database.transaction((sql) => sql.query("select 1"))).rejects.toMatchObject({ code: "DATABASE" });
    expect(await countedIds()).toEqual([other.id]);
    await removeProcess(outside, other.id);
    await database.query("select 1");
    expect(await countedIds()).toEqual([id]);
  });
});

describe("a process that ends", () => {
  it("is not counted again by a sign of life that was under way", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const id = newId();
    const { config } = readConfig({ commandLine: settings, environment: {} });
    const own = await registerThisProcess({ id, kind: "serve", url, config, log });
    const registrations: Promise<unknown>[] = [];
    let ended: Promise<void> | undefined;
    const database: OpenDatabase = {
      ...outside,
      /** Others have removed the row: the process would register again, but begins to end at this moment. */
      async query(text, values) {
        if (!text.startsWith("update processes")) return outside.query(text, values);
        await removeProcess(outside, id);
        const result = await outside.query<never>(text, values);
        ended = kept.end();
        return result;
      },
      transaction(work) {
        const registration = outside.transaction(work);
        registrations.push(registration);
        return registration;
      },
      withSignal: () => database,
    };
    const kept = own.keep(database);
    vi.advanceTimersByTime(20_000);
    vi.useRealTimers();
    await eventually("the sign of life is under way", () => ended !== undefined);
    await ended;
    await Promise.allSettled(registrations);
    expect(await countedIds()).toEqual([]);
  });
});
