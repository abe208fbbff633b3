import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { preparedDatabase } from "../../test-support/servers/alert-database.ts";
import { eventually } from "../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../test-support/servers/postgres.ts";
import { answers, startScriptedServer } from "../../test-support/servers/scripted-server.ts";
import { makeDataFolder, startService } from "../../test-support/servers/service-process.ts";

let server: TestDatabase;
beforeAll(async () => void (server = await startTestDatabase()));
afterAll(() => server.stop());

it(
  "one of two processes evaluates; when it is killed, the other goes on with what fires, and tells it no second time",
  { timeout: 180_000 },
  async () => {
    const database = await preparedDatabase(server);
    const receiver = await startScriptedServer([answers(200, "ok")]);
    onTestFinished(() => receiver.close());
    const environment = { DATABASE_URL: database, NOMALY_ALERT_INTERVAL_S: "1", NOMALY_ALERT_WEBHOOK_URL: receiver.url };
    const processes = [];
    for (let count = 0; count < 2; count++) {
      const folder = makeDataFolder();
      const started = await startService({ dataFolder: folder.path, environment, program: "newest" });
      onTestFinished(async () => {
        await started.end("SIGKILL");
        await folder.remove();
      });
      processes.push({ ...started, client: createClient({ url: started.url }) });
    }
    const [first, second] = processes;
    // Always true while there is a pool.
    await second.client.alerts.create({
      name: "planted",
      metric: "pool_utilization",
      operator: ">=",
      threshold: 0,
      breaches: 1,
      window_seconds: 0,
    });
    const isFiring = async () => (await second.client.alerts.now()).firing_count > 0;
    await eventually("it fires", isFiring, 30_000);
    await eventually("it is told", () => receiver.received.length === 1, 30_000);
    const { evaluation } = await second.client.alerts.now();
    const dead = processes.find(({ pid }) => pid === evaluation.pid) ?? first;
    const alive = dead === first ? second : first;
    expect([first.pid, second.pid]).toContain(evaluation.pid);
    await dead.end("SIGKILL");
    const present = async () => (await alive.client.alerts.now()).evaluation;
    await eventually("the other evaluates", async () => (await present()).pid === alive.pid, 60_000);
    // The database's clock says how long nobody evaluated.
    const before = Date.parse(evaluation.evaluated_at ?? "");
    expect(Date.parse((await present()).evaluated_at ?? "") - before).toBeGreaterThan(15_000);
    const { alerts } = await alive.client.alerts.now();
    expect(alerts.find(({ rule }) => rule.name === "planted")).toMatchObject({ state: "firing" });
    await withClient(database, async (sql) => {
      const { rows } = await sql.query("select change from alert_events where rule_name = 'planted'");
      expect(rows).toEqual([{ change: "firing" }]);
    });
    expect(receiver.received).toHaveLength(1);
  },
);
