import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { openTestStore } from "../../../test-support/servers/store.ts";
import { newId } from "../../ids/ids.ts";
import type { OpenDatabase } from "../../store/postgres/open-database.ts";
import { insertAlertMessages, receiverRows } from "../../store/tables/alerts/messages.ts";
import { takeEvaluation } from "../../store/tables/alerts/states.ts";
import { deliverAlerts } from "./deliver.ts";
import type { AlertReceiver } from "./receivers.ts";

let server: TestDatabase;
let database: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  ({ database } = await openTestStore(server));
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

const processId = newId();
let sent: string[];
let failing: Set<string>;
let logged: string[];
beforeEach(async () => {
  await database.query("delete from alert_messages");
  await database.query("delete from alert_receivers");
  await database.query("delete from alert_evaluator");
  await takeEvaluation(database, { processId, host: "one", pid: 1 }, 20);
  [sent, failing, logged] = [[], new Set(), []];
});

const receiver = (name: AlertReceiver["name"]): AlertReceiver => ({
  name,
  async send({ delivery_id: id }) {
    sent.push(`${name} ${id}`);
    if (failing.has(name)) throw new Error("away");
  },
});
const log = {
  info: () => {},
  warn: (_fields: unknown, message: string) => void logged.push(message),
  error: (_fields: unknown, message: string) => void logged.push(message),
};
const { signal } = new AbortController();
const deliver = (id = processId) =>
  deliverAlerts({ database, processId: id, alertReceivers: [receiver("webhook"), receiver("slack")], log }, signal);
const post = async (name: string, count: number) => {
  const messages = Array.from({ length: count }, () => newId()).map((id) => ({
    id,
    receiver: name,
    content: { delivery_id: id },
  }));
  await insertAlertMessages(database, messages);
  return messages.map(({ id }) => `${name} ${id}`).sort();
};
const skipPause = () => database.query("update alert_messages set next_attempt_at = now()");

describe("messages about alerts", () => {
  it("are sent in order, each once", async () => {
    const ids = await post("webhook", 3);
    await deliver();
    await deliver();
    expect(sent).toEqual(ids);
  });

  it("are left to the process that evaluates", async () => {
    const ids = await post("webhook", 1);
    await deliver(newId());
    expect(sent).toEqual([]);
    await deliver();
    expect(sent).toEqual(ids);
  });

  it("are given up after five attempts, with growing pauses; the next one then has its turn", async () => {
    const [first, second] = await post("webhook", 2);
    const [other] = await post("slack", 1);
    failing.add("webhook");
    const pauses = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      await deliver();
      await deliver();
      const text =
        "select round(extract(epoch from next_attempt_at - now()))::integer as seconds from alert_messages where attempts > 0";
      pauses.push((await database.query<{ seconds: number }>(text)).rows[0]?.seconds);
      await skipPause();
    }
    expect(pauses).toEqual([10, 30, 90, 270]);
    await deliver();
    expect(sent.filter((one) => one !== other)).toEqual([first, first, first, first, first]);
    expect(sent).toHaveLength(6);
    expect(logged.at(-1)).toBe("a message about alerts was given up: webhook did not take it");
    const [row] = await receiverRows(database, ["webhook"]);
    expect(row).toMatchObject({ lastError: "away", failureCount: 5, waiting: 1 });
    failing.clear();
    await deliver();
    expect(sent.at(-1)).toBe(second);
    expect(await receiverRows(database, ["webhook"])).toMatchObject([{ lastError: null, failureCount: 0, waiting: 0 }]);
  });
});
