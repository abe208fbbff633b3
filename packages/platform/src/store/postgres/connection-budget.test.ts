import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestServer, type TestServer } from "../../../test-support/servers/postgres.ts";
import { openTestDatabase, openTestStore } from "../../../test-support/servers/store.ts";
import { connectionBudget, type Registered, registerWithinBudget } from "./connection-budget.ts";
import { newId } from "../../ids/ids.ts";
import type { OpenDatabase } from "./open-database.ts";
import { connectionCountOf } from "./pool-sizes.ts";
import { allProcesses, heartbeat, isRegistered, type NewProcess, removeProcess } from "../tables/processes.ts";

let server: TestServer;
let url: string;
let database: OpenDatabase;
let maxConnections: number;
let available: number;
beforeAll(async () => {
  server = await startTestServer();
  ({ url, database } = await openTestStore(server));
  ({ maxConnections, available } = await connectionBudget(database, 0));
});
afterAll(async () => {
  await database.close();
  await server.stop();
});
afterEach(() => database.query("delete from processes"));

/** Of all that the server has for us. */
const share = (part: number) => Math.floor(available * part);
const beside = connectionCountOf({ poolSize: 0, maxOverflow: 0 });

type Someone = Partial<NewProcess> & { readonly patienceMs?: number; readonly reserve?: number };

function register(own: Pick<OpenDatabase, "transaction">, changes: Someone = {}): Promise<Registered> {
  const { connectionCountMax = 50, patienceMs = 0, reserve = 0, ...given } = changes;
  const someone = { id: newId(), kind: "serve", host: `host-${newId()}`, pid: 1, ...given } as const;
  const sizes = { poolSize: connectionCountMax - beside, maxOverflow: 0, isPoolSizeSet: true, isMaxOverflowSet: true };
  return registerWithinBudget(own, { own: someone, sizes, reserve, patienceMs });
}

/** As another process would: under its own name. */
const others: OpenDatabase[] = [];
async function other(changes: Someone = {}): Promise<OpenDatabase> {
  const own = openTestDatabase({ url, applicationName: `nomaly other ${newId()}` });
  others.push(own);
  await register(own, changes);
  return own;
}
afterEach(async () => {
  for (const own of others.splice(0)) await own.close();
});

async function closed(own: OpenDatabase): Promise<void> {
  const connectedCount = async () => (await allProcesses(database)).filter(({ isConnected }) => isConnected).length;
  const before = await connectedCount();
  await own.close();
  await eventually("its sessions are gone", async () => (await connectedCount()) === before - 1);
}

describe("the connection budget", () => {
  it("lets processes in while they fit, and refuses the next with the numbers", async () => {
    await other({ connectionCountMax: share(0.3) });
    await other({ connectionCountMax: share(0.3) });
    const budget = await register(database, { connectionCountMax: share(0.2), reserve: 10 });
    expect(budget).toMatchObject({ reserve: 10, claimed: 2 * share(0.3) + share(0.2), processCount: 3, isWithin: true });
    const refused = register(database, { connectionCountMax: share(0.3), reserve: 10 });
    await expect(refused).rejects.toMatchObject({
      code: "CONFIG",
      field: "database_pool_size",
      received: String(3 * share(0.3) + share(0.2)),
    });
    await expect(refused).rejects.toThrow(`max_connections ${maxConnections}`);
    expect(await allProcesses(database)).toHaveLength(3);
    expect(await connectionBudget(database, 10)).toMatchObject({
      claimed: 2 * share(0.3) + share(0.2),
      processCount: 3,
      isWithin: true,
    });
  });

  it("lets only one of two in that start together and fit only alone", async () => {
    const start = () => register(database, { connectionCountMax: share(0.6) });
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("does not count a process without sessions that shows itself no more while it is waited for", async () => {
    await closed(await other({ connectionCountMax: share(0.8) }));
    await register(database, { connectionCountMax: share(0.8), patienceMs: 100 });
    expect(await allProcesses(database)).toHaveLength(1);
  });

  it("waits for nobody when there is room for all", async () => {
    await closed(await other({ connectionCountMax: share(0.4) }));
    // Longer than the test may take.
    await register(database, { connectionCountMax: share(0.4), patienceMs: 600_000 });
    expect(await allProcesses(database)).toHaveLength(2);
  });

  it("counts processes whose sessions a restart of the database has ended, once they are back", async () => {
    const running = [await other({ connectionCountMax: share(0.4) }), await other({ connectionCountMax: share(0.4) })];
    await server.halt();
    await server.start();
    expect((await allProcesses(database)).filter(({ isConnected }) => isConnected)).toEqual([]);
    const starting = register(database, { connectionCountMax: share(0.4), patienceMs: 600_000 });
    // What any of their requests does.
    for (const own of running) await own.query("select 1");
    await expect(starting).rejects.toMatchObject({ code: "CONFIG", received: String(3 * share(0.4)) });
    expect(await allProcesses(database)).toHaveLength(2);
  });

  it("counts a process that gives a sign of life while it is waited for, though its session is not seen", async () => {
    const id = newId();
    await closed(await other({ id, connectionCountMax: share(0.8) }));
    const starting = register(database, { connectionCountMax: share(0.8), patienceMs: 500 });
    const refused = expect(starting).rejects.toMatchObject({ code: "CONFIG" });
    await heartbeat(database, id);
    await refused;
    expect(await isRegistered(database, id)).toBe(true);
  });

  it("does not count a killed process of this machine, nor the former one of our own number", async () => {
    await closed(await other({ host: "here", pid: 2 ** 22 + 1, connectionCountMax: share(0.4) }));
    await closed(await other({ host: "here", pid: 77, connectionCountMax: share(0.4) }));
    await register(database, { host: "here", pid: 77, connectionCountMax: share(0.8), patienceMs: 600_000 });
    expect(await allProcesses(database)).toHaveLength(1);
  });

  it("counts a process that has sessions, though this machine of the same name has none of its number", async () => {
    await other({ host: "here", pid: 2 ** 22 + 1, connectionCountMax: share(0.8) });
    const refused = register(database, { host: "here", pid: 77, connectionCountMax: share(0.8) });
    await expect(refused).rejects.toMatchObject({ code: "CONFIG" });
  });

  it("counts a process that has given no sign for an hour as long as it has sessions, and not without", async () => {
    const silent = await other({ connectionCountMax: share(0.8) });
    await database.query("update processes set seen_at = now() - interval '1 hour'");
    await expect(register(database, { connectionCountMax: share(0.8) })).rejects.toMatchObject({ code: "CONFIG" });
    await closed(silent);
    await register(database, { connectionCountMax: share(0.8), patienceMs: 100 });
    expect(await allProcesses(database)).toHaveLength(1);
  });

  it("counts a process once, however often it registers", async () => {
    const own = { id: newId(), connectionCountMax: share(0.5) };
    await register(database, own);
    await register(database, own);
    expect(await heartbeat(database, own.id)).toBe(true);
    await removeProcess(database, own.id);
    expect(await heartbeat(database, own.id)).toBe(false);
  });
});
