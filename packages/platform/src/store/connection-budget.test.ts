import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase } from "../../test-support/postgres.ts";
import { openTestDatabase, openTestStore } from "../../test-support/store.ts";
import { connectionBudget, registerWithinBudget } from "./connection-budget.ts";
import { newId } from "./ids.ts";
import type { OpenDatabase } from "./open-database.ts";
import { heartbeat, liveProcesses, type NewProcess, removeProcess } from "./processes.ts";

let server: TestDatabase;
let url: string;
let database: OpenDatabase;
let maxConnections: number;
let available: number;
beforeAll(async () => {
  server = await startTestDatabase();
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

const someProcess = (changes: Partial<NewProcess> = {}): NewProcess => ({
  id: newId(),
  kind: "serve",
  host: `host-${newId()}`,
  pid: 1,
  connectionCountMax: 50,
  ...changes,
});

/** As another process would: under its own name. */
const others: OpenDatabase[] = [];
async function other(changes: Partial<NewProcess> = {}): Promise<OpenDatabase> {
  const own = openTestDatabase({ url, applicationName: `nomaly other ${others.length}` });
  others.push(own);
  await registerWithinBudget(own, someProcess(changes), 0);
  return own;
}
afterEach(async () => {
  for (const own of others.splice(0)) await own.close();
});

describe("the connection budget", () => {
  it("lets processes in while they fit, and refuses the next with the numbers", async () => {
    await other({ connectionCountMax: share(0.3) });
    await other({ connectionCountMax: share(0.3) });
    const budget = await registerWithinBudget(database, someProcess({ connectionCountMax: share(0.2) }), 10);
    expect(budget).toMatchObject({ reserve: 10, claimed: 2 * share(0.3) + share(0.2), processCount: 3, isWithin: true });
    const refused = registerWithinBudget(database, someProcess({ connectionCountMax: share(0.3) }), 10);
    await expect(refused).rejects.toMatchObject({
      code: "CONFIG",
      field: "database_pool_size",
      received: String(3 * share(0.3) + share(0.2)),
    });
    await expect(refused).rejects.toThrow(`max_connections ${maxConnections}`);
    expect(await liveProcesses(database)).toHaveLength(3);
    expect(await connectionBudget(database, 10)).toMatchObject({
      claimed: 2 * share(0.3) + share(0.2),
      processCount: 3,
      isWithin: true,
    });
  });

  it("lets only one of two in that start together and fit only alone", async () => {
    const start = () => registerWithinBudget(database, someProcess({ connectionCountMax: share(0.6) }), 0);
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("does not count a process whose sessions are gone", async () => {
    const gone = await other({ connectionCountMax: share(0.8) });
    await gone.close();
    await eventually("its sessions are gone", async () =>
      (await liveProcesses(database)).every(({ isConnected }) => !isConnected),
    );
    await registerWithinBudget(database, someProcess({ connectionCountMax: share(0.8) }), 0);
    expect(await liveProcesses(database)).toHaveLength(1);
  });

  it("does not count a killed process of this machine, nor the former one of our own number", async () => {
    await other({ host: "here", pid: 2 ** 22 + 1, connectionCountMax: share(0.4) });
    await other({ host: "here", pid: 77, connectionCountMax: share(0.4) });
    await registerWithinBudget(database, someProcess({ host: "here", pid: 77, connectionCountMax: share(0.8) }), 0);
    expect(await liveProcesses(database)).toHaveLength(1);
  });

  it("does not count a process that has given no sign for 90 s", async () => {
    await other({ connectionCountMax: share(0.8) });
    await database.query("update processes set seen_at = now() - interval '91 seconds'");
    await registerWithinBudget(database, someProcess({ connectionCountMax: share(0.8) }), 0);
    expect(await liveProcesses(database)).toHaveLength(1);
  });

  it("counts a process once, however often it registers", async () => {
    const own = someProcess({ connectionCountMax: share(0.5) });
    await registerWithinBudget(database, own, 0);
    await registerWithinBudget(database, own, 0);
    expect(await heartbeat(database, own.id)).toBe(true);
    await removeProcess(database, own.id);
    expect(await heartbeat(database, own.id)).toBe(false);
  });
});
