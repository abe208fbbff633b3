import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClient, type Client } from "../../src/client/index.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../test-support/servers/postgres.ts";
import { answers, type Received, type ScriptedServer, startScriptedServer } from "../../test-support/servers/scripted-server.ts";
import { someRows, startService, type TestService } from "../../test-support/servers/service.ts";
import { preparedDatabase } from "../../test-support/servers/alert-database.ts";
import { eventually } from "../../test-support/eventually.ts";

const secret = "the key of the test";
/** Evaluations are one second apart. */
const within = 40_000;

let server: TestDatabase;
beforeAll(async () => void (server = await startTestDatabase()));
afterAll(() => server.stop());

let receiver: ScriptedServer;
let service: TestService;
let client: Client;
let databaseUrl: string;

async function open(settings: Readonly<Record<string, string>>): Promise<void> {
  databaseUrl = await preparedDatabase(server);
  service = await startService({ database_url: databaseUrl, alert_interval_s: "1", job_concurrency: "0", ...settings });
  client = createClient({ url: service.url });
}

interface Told {
  readonly delivery_id: string;
  readonly alerts: readonly { readonly name: string; readonly state: string; readonly value: number | null }[];
}
const told = ({ body }: Received) => JSON.parse(body.toString()) as Told;
const hooks = () => receiver.received.filter(({ route }) => route === "POST /hook");
const stateOf = async (name: string) => (await client.alerts.now()).alerts.find(({ rule }) => rule.name === name)?.state;
const stateIs = (name: string, state: string) =>
  eventually(`${name} is ${state}`, async () => (await stateOf(name)) === state, within);

const planted = { metric: "queued_jobs", operator: ">", threshold: 0, window_seconds: 0 } as const;

/** A job that nobody runs, as there is no worker. */
async function plant(): Promise<string> {
  const { id } = await client.detectors.create({ name: "planted" });
  const dataset = await client.datasets.create({ name: "planted", data: someRows(50) });
  const answer = await client.train({ detector_id: id, dataset_id: dataset.id, background: true });
  if (!("job_id" in answer)) throw new Error("the training became no job");
  return answer.job_id;
}

describe("a service with receivers", () => {
  beforeEach(async () => {
    receiver = await startScriptedServer([answers(200, "ok")]);
    await open({
      alert_webhook_url: `${receiver.url}/hook`,
      alert_webhook_secret: secret,
      alert_slack_url: `${receiver.url}/slack`,
    });
  });
  afterEach(async () => {
    await service.close();
    await receiver.close();
  });

  it("tells that a planted rule fires, signed, and that it has resolved, each once", { timeout: 120_000 }, async () => {
    // Changed when its state has been seen.
    const rule = await client.alerts.create({ name: "planted", breaches: 1000, ...planted });
    await stateIs("planted", "ok");
    const job = await plant();
    await stateIs("planted", "pending");
    expect(receiver.received).toEqual([]);
    await client.alerts.change(rule.id, { breaches: 1 });
    await stateIs("planted", "firing");
    await eventually("both receivers are told", () => receiver.received.length === 2, within);
    await client.jobs.cancel(job);
    await stateIs("planted", "resolved");
    await eventually("both are told again", () => receiver.received.length === 4, within);
    await client.alerts.change(rule.id, { cooldown_seconds: 0 });
    await stateIs("planted", "ok");
    expect(hooks().map((hook) => told(hook).alerts)).toEqual([
      [expect.objectContaining({ name: "planted", state: "firing", value: 1, threshold: 0, severity: "warning" })],
      [expect.objectContaining({ name: "planted", state: "resolved", value: 0 })],
    ]);
    for (const hook of hooks()) {
      expect(await isSigned(hook)).toBe(true);
      expect(hook.headers["nomaly-event"]).toBe("alert");
      expect(hook.headers["nomaly-delivery"]).toBe(told(hook).delivery_id);
    }
    const slack = receiver.received
      .filter(({ route }) => route === "POST /slack")
      .map(({ body }) => JSON.parse(body.toString()) as unknown);
    expect(slack).toEqual([
      { text: "nomaly: FIRING (warning) planted: queued_jobs is 1, the rule is > 0" },
      { text: "nomaly: RESOLVED planted: queued_jobs is 0, the rule is > 0" },
    ]);
    const history = [];
    for await (const { rule_name: name, change, is_silenced: silenced } of client.alerts.history({ pageSize: 1 })) {
      history.push([name, change, silenced]);
    }
    expect(history).toEqual([
      ["planted", "resolved", false],
      ["planted", "firing", false],
    ]);
  });

  it(
    "tells nothing of a silenced rule, whose silence is in the audit log, until the silence ends",
    { timeout: 120_000 },
    async () => {
      const rule = await client.alerts.create({ name: "planted", breaches: 1, ...planted });
      const silenced = await client.alerts.silence(rule.id, { seconds: 3600, reason: "a test" });
      expect(silenced.silence).toMatchObject({ reason: "a test", created_by: "local" });
      await plant();
      await stateIs("planted", "firing");
      const evaluated = async () => Date.parse((await client.alerts.now()).evaluation.evaluated_at ?? "");
      const from = await evaluated();
      await eventually("it is evaluated again and again", async () => (await evaluated()) > from + 2000, within);
      expect(receiver.received).toEqual([]);
      expect((await client.alerts.endSilence(rule.id)).silence).toBeNull();
      await eventually(
        "it is told",
        () => hooks().some((hook) => told(hook).alerts.some(({ state }) => state === "firing")),
        within,
      );
      const audit = [];
      for await (const { action, details } of client.audit.list()) if (action.startsWith("alert")) audit.push([action, details]);
      expect(audit).toEqual([
        ["alert-rule.unsilence", {}],
        ["alert-rule.silence", { seconds: 3600, reason: "a test" }],
        ["alert-rule.create", { name: "planted", metric: "queued_jobs" }],
      ]);
    },
  );

  it("sends a test message to all of them", async () => {
    expect(await client.alerts.test()).toEqual({
      receivers: [
        { name: "webhook", ok: true, error: null },
        { name: "slack", ok: true, error: null },
      ],
    });
    const [hook] = hooks();
    expect(JSON.parse(hook.body.toString())).toMatchObject({ is_test: true, alerts: [] });
    expect(await isSigned(hook)).toBe(true);
  });
});

describe("a receiver that fails", () => {
  afterEach(async () => {
    await service.close();
    await receiver.close();
  });

  it(
    "holds up neither the evaluation nor the other receiver, is shown, and gets its message later",
    { timeout: 120_000 },
    async () => {
      let isBroken = true;
      receiver = await startScriptedServer([
        (received, response) => {
          const fails = isBroken && received.route === "POST /hook";
          response.writeHead(fails ? 500 : 200).end();
        },
      ]);
      await open({ alert_webhook_url: `${receiver.url}/hook`, alert_slack_url: `${receiver.url}/slack` });
      await client.alerts.create({ name: "planted", breaches: 1, ...planted });
      await plant();
      const receiverNamed = async (name: string) => (await client.alerts.now()).receivers.find((one) => one.name === name);
      await eventually(
        "its failure is shown",
        async () => ((await receiverNamed("webhook"))?.failures_in_a_row ?? 0) > 0,
        within,
      );
      expect(await receiverNamed("webhook")).toMatchObject({
        last_error: "the receiver answered 500",
        waiting: 1,
        last_success_at: null,
      });
      await eventually("the other is told", async () => (await receiverNamed("slack"))?.last_success_at !== null, within);
      expect(await client.alerts.test()).toMatchObject({
        receivers: [
          { name: "webhook", ok: false, error: "the receiver answered 500" },
          { name: "slack", ok: true },
        ],
      });
      isBroken = false;
      // The pause before the next attempt is over.
      await withClient(databaseUrl, (sql) => sql.query("update alert_messages set next_attempt_at = now()"));
      await eventually("it gets the message", async () => (await receiverNamed("webhook"))?.waiting === 0, within);
      expect(await receiverNamed("webhook")).toMatchObject({ last_error: null, failures_in_a_row: 0 });
      const ids = receiver.received
        .filter(({ route, body }) => route === "POST /hook" && !body.includes("true"))
        .map((one) => told(one).delivery_id);
      expect(ids.length).toBe(2);
      expect(new Set(ids).size).toBe(1);
    },
  );
});

describe("a service without receivers", () => {
  beforeEach(() => open({}));
  afterEach(() => service.close());

  it("has the default rules, fires none of them, and has no data for Redis and a replica", { timeout: 60_000 }, async () => {
    const evaluations = new Set<string>();
    await eventually(
      "it is evaluated a few times",
      async () => {
        const { evaluation } = await client.alerts.now();
        if (evaluation.evaluated_at !== null) evaluations.add(evaluation.evaluated_at);
        return evaluations.size > 3;
      },
      within,
    );
    const { alerts, firing_count: firing, receivers, evaluation } = await client.alerts.now();
    expect([firing, receivers]).toEqual([0, []]);
    expect(evaluation).toMatchObject({ pid: process.pid, interval_seconds: 1 });
    const named = Object.fromEntries(alerts.map(({ rule, state }) => [rule.name, state]));
    expect(Object.keys(named)).toHaveLength(10);
    expect(named).toMatchObject({
      "cache-down": "no_data",
      "replica-lag": "no_data",
      "failed-jobs": "ok",
      "jobs-waiting": "ok",
      "database-pool-full": "ok",
    });
    expect((await client.alerts.test()).receivers).toEqual([]);
  });

  it("refuses a name that is taken, a window that is too short, and what there is not", async () => {
    const rule = await client.alerts.create({ name: "planted", ...planted });
    await expect(client.alerts.create({ name: "planted", ...planted })).rejects.toMatchObject({
      code: "CONFLICT",
      field: "name",
    });
    await expect(client.alerts.change(rule.id, { metric: "error_rate" })).rejects.toMatchObject({
      code: "REQUEST",
      field: "window_seconds",
    });
    await expect(client.alerts.change(rule.id, { threshold: 1e16 })).rejects.toMatchObject({
      code: "REQUEST",
      field: "threshold",
    });
    const none = "01890000-0000-7000-8000-000000000000";
    await expect(client.alerts.silence(none, { seconds: 1, reason: "none" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.alerts.remove(none)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("resets default rules that were changed, switched off or removed, and leaves the others", async () => {
    const { items } = await client.alerts.rules();
    const [changed, removed] = items;
    await client.alerts.change(changed.id, { threshold: 1234, enabled: false });
    await client.alerts.remove(removed.id);
    const own = await client.alerts.create({ name: "planted", ...planted });
    const { items: reset } = await client.alerts.reset();
    // The test's database was made with another threshold.
    const expected = items.map((rule) => (rule.name === "disk-usage" ? { ...rule, threshold: 85 } : rule));
    const conditionOf = ({ id: _id, created_at: _made, updated_at: _at, ...condition }: (typeof items)[number]) => condition;
    expect(reset.filter(({ is_default }) => is_default).map(conditionOf)).toEqual(expected.map(conditionOf));
    expect(reset.filter(({ is_default }) => !is_default)).toEqual([own]);
  });

  it("refuses the hundred and first rule", { timeout: 60_000 }, async () => {
    for (let count = 10; count < 100; count++) await client.alerts.create({ name: `planted-${count}`, ...planted });
    await expect(client.alerts.create({ name: "planted", ...planted })).rejects.toMatchObject({ code: "QUOTA" });
  });
});

it("rules are read with the scope read and changed with admin", async () => {
  await open({ auth: "required" });
  try {
    const train = { "x-api-key": await service.createKey(["train"]) };
    expect((await service.ask("GET /api/alerts")).status).toBe(401);
    expect((await service.ask("GET /api/alerts", { headers: train })).status).toBe(200);
    expect((await service.ask("POST /api/alerts/rules/reset", { headers: train })).status).toBe(403);
    expect((await service.ask("POST /api/alerts/test", { headers: train })).status).toBe(403);
    const admin = { "x-api-key": await service.createKey(["admin"]) };
    expect((await service.ask("POST /api/alerts/rules/reset", { headers: admin })).status).toBe(200);
  } finally {
    await service.close();
  }
});

/** Checks the signature as a receiver in a browser or worker would, with the Web Cryptography API. */
async function isSigned({ headers, body }: Received): Promise<boolean> {
  const match = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["nomaly-signature"]));
  if (match === null || Math.abs(Number(match[1]) - Date.now() / 1000) > 300) return false;
  const key = await crypto.subtle.importKey("raw", Buffer.from(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, Buffer.from(match[2], "hex"), Buffer.from(`${match[1]}.${body.toString()}`));
}
