import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectionCountOf } from "../../src/store/postgres/pool-sizes.ts";
import { eventually } from "../../test-support/eventually.ts";
import { createScene, healthy, type Scene } from "../../test-support/faults/faults.ts";
import { startTestServer, type TestServer, withClient } from "../../test-support/servers/postgres.ts";
import { ask, type Json } from "../../test-support/requests.ts";
import { launchService, makeDataFolder, type ServiceProcess } from "../../test-support/servers/service-process.ts";

const timeout = 180_000;

let scene: Scene;
beforeEach(() => void (scene = createScene()));
afterEach(() => scene.endAll());

/** With a data folder of its own, so that nothing but the database is shared. */
function launch(databaseUrl: string, environment: Readonly<Record<string, string>> = {}) {
  const folder = scene.opened(makeDataFolder(), (open) => open.remove());
  const settings = { DATABASE_URL: databaseUrl, NOMALY_COMPUTE_WORKERS: "1", ...environment };
  const launched = launchService({ dataFolder: folder.path, program: "newest", environment: settings });
  return scene.opened(launched, (open) => open.end("SIGKILL"));
}

const connectionsOf = async (url: string) => ((await ask(url, "GET /health/full"))["database"] as Json)["connections"] as Json;

describe("on a PostgreSQL as it is installed, of 100 connections,", () => {
  let server: TestServer;
  beforeAll(async () => (server = await startTestServer(["max_connections=100"])));
  afterAll(() => server.stop());

  it("a second process starts: its pools are as large as the server allows, and its log says so", { timeout }, async () => {
    const databaseUrl = await server.createDatabase();
    const first = await launch(databaseUrl).ready();
    const second = await launch(databaseUrl).ready();
    expect(first.output()).not.toContain("instead of");
    // 100 less 3 for superusers, 10 in reserve and 55 of the first: 32, of which 5 are not the pool's.
    expect(second.output()).toContain("the pool of database connections is 10 + 17 instead of 20 + 30");
    expect(await connectionsOf(second.url)).toMatchObject({ available: 87, claimed: 87, is_within: true });
    const pool = ((await healthy(second.url))["database"] as Json)["pool"] as Json;
    expect(pool).toMatchObject({ base: 10, capacity: 27 });
    expect(((await healthy(first.url))["database"] as Json)["pool"]).toMatchObject({ base: 20, capacity: 50 });
  });

  it("sizes that somebody has set are taken as they are, or refused with the numbers and exit code 2", { timeout }, async () => {
    const databaseUrl = await server.createDatabase();
    await launch(databaseUrl).ready();
    const set = launch(databaseUrl, { NOMALY_DATABASE_POOL_SIZE: "20", NOMALY_DATABASE_MAX_OVERFLOW: "30" });
    await expect(set.ready()).rejects.toThrow(/together 110, but only 87 are available/);
    expect(await set.end("SIGTERM")).toBe(2);
    const small = await launch(databaseUrl, { NOMALY_DATABASE_POOL_SIZE: "2", NOMALY_DATABASE_MAX_OVERFLOW: "1" }).ready();
    expect(await connectionsOf(small.url)).toMatchObject({ claimed: connectionCountOf({ poolSize: 20, maxOverflow: 30 }) + 8 });
  });
});

describe("three servers share all connections, and the database is restarted while they stand still:", () => {
  let server: TestServer;
  beforeAll(async () => (server = await startTestServer(["max_connections=60"])));
  afterAll(() => server.stop());

  const sizes = { NOMALY_DATABASE_POOL_SIZE: "8", NOMALY_DATABASE_MAX_OVERFLOW: "2" };

  async function threeServers(databaseUrl: string): Promise<readonly ServiceProcess[]> {
    const started: ServiceProcess[] = [];
    for (let count = 0; count < 3; count++) started.push(await launch(databaseUrl, sizes).ready());
    return started;
  }

  const signal = (processes: readonly ServiceProcess[], name: NodeJS.Signals) => {
    for (const { pid } of processes) process.kill(pid, name);
  };

  it("a fourth that does not fit is refused with CONFIG, and the three go on", { timeout }, async () => {
    const databaseUrl = await server.createDatabase();
    const three = await threeServers(databaseUrl);
    signal(three, "SIGSTOP");
    await server.halt();
    await server.start();
    const fourth = launch(databaseUrl, sizes);
    // As soon as it has a session it may count the others; in their place it would be let in.
    const isLooking = () =>
      withClient(databaseUrl, async (client) => {
        const text = "select from pg_stat_activity where application_name like 'nomaly serve%'";
        return (await client.query(text)).rowCount === 1;
      });
    await eventually("the fourth looks at the others", async () => fourth.hasEnded() || (await isLooking()), 60_000);
    signal(three, "SIGCONT");
    await expect(fourth.ready()).rejects.toThrow(/together 60, but only 47 are available/);
    expect(await fourth.end("SIGTERM")).toBe(2);
    for (const { url } of three) await healthy(url);
    expect(await connectionsOf(three[0].url)).toMatchObject({ claimed: 45, process_count: 3, is_within: true });
  });
});
