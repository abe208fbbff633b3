import { expect, it } from "vitest";
import { defaultAlertRules } from "../../store/schema/default-alert-rules.ts";
import type { AlertRuleRow } from "../../store/tables/alerts/rules.ts";
import type { AlertStateRow } from "../../store/tables/alerts/states.ts";
import { alertMetric } from "./alert-metrics.ts";
import { evaluateRules } from "./take-turn.ts";

const never = { silencedUntil: null, silenceReason: null, silencedBy: null, createdAt: new Date(0), updatedAt: new Date(0) };
const rules: readonly AlertRuleRow[] = defaultAlertRules.map((rule) => ({
  ...rule,
  ...never,
  id: rule.name,
  isDefault: true,
  enabled: true,
}));

/** @returns the names in each message, with what is said of them. */
function simulate(stepCount: number, valueOf: (name: string, step: number) => number | null): readonly string[] {
  const before = new Map<string, AlertStateRow>();
  const messages: string[] = [];
  for (let step = 0; step < stepCount; step++) {
    const values = new Map(rules.map(({ id }) => [id, valueOf(id, step)]));
    const { states, notices } = evaluateRules(rules, { values, before, now: new Date(step * 5000) });
    for (const state of states) before.set(state.ruleId, state);
    if (notices.length > 0) messages.push(`${step}: ${notices.map(({ name, state }) => `${name} ${state}`).join(", ")}`);
  }
  return messages;
}

/** What a service with little to do reads: some slow trainings, a full pool for a moment, a job that waits for a while. */
function quietDay(name: string, step: number): number | null {
  switch (name) {
    case "error-rate":
      return 0.2;
    case "memory":
      return 40 + 10 * Math.sin(step / 1000);
    case "slow-responses":
      // A training of 4 s in each hour counts in one minute.
      return step % 720 < 12 ? 4000 : 80;
    case "jobs-waiting":
      return step % 100;
    case "database-pool-full":
      return step % 500 === 0 ? 100 : 20;
    case "database-pool-waits":
      return step % 700 === 0 ? 1500 : 2;
    case "disk-usage":
      return 60;
    case "failed-jobs":
      return 0;
    default:
      return null;
  }
}

it("a quiet day of a service without Redis and replica fires nothing", () => {
  expect(
    simulate(86_400 / 5, (name, step) =>
      name === "jobs-waiting" ? Math.min(60, quietDay(name, step) ?? 0) : quietDay(name, step),
    ),
  ).toEqual([]);
});

it("rules that change together are told in one message", () => {
  const messages = simulate(400, (name, step) => {
    const isDown = step >= 10 && step < 100;
    if (name === "cache-down") return isDown ? 1 : 0;
    if (name === "disk-usage") return isDown ? 86 : 84;
    if (name === "database-pool-full") return isDown ? 91 : 0;
    return quietDay(name, 50);
  });
  // The disk after two evaluations, the others when they have breached for 30 s: from step 10 to step 16.
  expect(messages).toEqual([
    "11: disk-usage firing",
    "16: database-pool-full firing, cache-down firing",
    "100: database-pool-full resolved, cache-down resolved, disk-usage resolved",
  ]);
});

it("each default rule looks at a metric that there is", () => {
  for (const { name, metric } of defaultAlertRules) expect([name, alertMetric(metric) !== undefined]).toEqual([name, true]);
  expect(new Set(defaultAlertRules.map(({ name }) => name)).size).toBe(10);
});

it("what fires and resolves is kept with its value and threshold, told or silenced", () => {
  const now = new Date(3_600_000);
  const [rule] = rules;
  const silenced = { ...rule, id: "silenced", breaches: 1, silencedUntil: new Date(now.getTime() + 1000) };
  const told = { ...rule, id: "told", breaches: 1, silencedUntil: new Date(now.getTime() - 1000) };
  const values = new Map([silenced, told].map(({ id }) => [id, 7]));
  const { events, notices } = evaluateRules([silenced, told], { values, before: new Map(), now });
  const kept = { change: "firing", severity: "critical", metric: "error_rate", operator: ">", threshold: 5, value: 7 };
  expect(events).toMatchObject([
    { ...kept, ruleId: "silenced", isSilenced: true },
    { ...kept, ruleId: "told", isSilenced: false },
  ]);
  expect(notices).toEqual([
    {
      rule_id: "told",
      name: "error-rate",
      state: "firing",
      severity: "critical",
      metric: "error_rate",
      operator: ">",
      threshold: 5,
      value: 7,
      at: "1970-01-01T01:00:00.000Z",
    },
  ]);
});
