/** Schemas of alerts: rules, their states, what has fired, and receivers. */

import { Type } from "typebox";
import { type AlertMetricName, alertMetricNames, alertMetrics } from "../../services/alerts/alert-metrics.ts";
import { alertOperators, alertSeverities } from "../../services/alerts/alert-rules.ts";
import { alertStates } from "../../services/alerts/alerts.ts";
import { idOf, nullable, oneOf, pageOf, strict, timeOf } from "./shared.ts";

const metricText = alertMetricNames.map((name) => `${name}: ${describe(name)}`).join("; ");

function describe(name: AlertMetricName): string {
  const { unit, summary } = alertMetrics[name];
  return unit === "" ? summary : `${summary}, ${unit}`;
}

const descriptions = {
  name: "names the rule in messages and never changes; no two rules have the same",
  metric: `what the rule looks at; ${metricText}`,
  operator: "how the value is compared with the threshold",
  threshold: "the rule is breached while value, operator and threshold hold",
  window:
    "error_rate, throughput, response_time and failed_jobs are taken over so many seconds, at least 10; the value of another metric must breach so long without a pause before the rule fires",
  breaches: "so many evaluations in a row must breach before the rule fires",
  severity: "how urgent it is, for people and receivers",
  cooldown: "for so long after it has resolved, the rule does not fire again",
  enabled: "whether it is evaluated",
};
const given = {
  threshold: Type.Number({ minimum: -1e15, maximum: 1e15, description: descriptions.threshold }),
  window: { minimum: 0, maximum: 3600, description: descriptions.window },
  breaches: { minimum: 1, maximum: 1000, description: descriptions.breaches },
  cooldown: { minimum: 0, maximum: 86_400, description: descriptions.cooldown },
};
const metric = oneOf(alertMetricNames, { description: descriptions.metric });
const operator = oneOf(alertOperators, { description: descriptions.operator });

export const NewAlertRule = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: "^[a-z0-9][a-z0-9_-]*$", description: descriptions.name }),
    metric,
    operator,
    threshold: given.threshold,
    window_seconds: Type.Optional(Type.Integer({ ...given.window, default: 60 })),
    breaches: Type.Optional(Type.Integer({ ...given.breaches, default: 2 })),
    severity: Type.Optional(oneOf(alertSeverities, { description: descriptions.severity, default: "warning" })),
    cooldown_seconds: Type.Optional(Type.Integer({ ...given.cooldown, default: 300 })),
    enabled: Type.Optional(Type.Boolean({ description: descriptions.enabled, default: true })),
  },
  { $id: "NewAlertRule", ...strict, description: "a condition of which receivers are to be told" },
);

export const AlertRuleChange = Type.Object(
  {
    metric: Type.Optional(metric),
    operator: Type.Optional(operator),
    threshold: Type.Optional(given.threshold),
    window_seconds: Type.Optional(Type.Integer(given.window)),
    breaches: Type.Optional(Type.Integer(given.breaches)),
    severity: Type.Optional(oneOf(alertSeverities, { description: descriptions.severity })),
    cooldown_seconds: Type.Optional(Type.Integer(given.cooldown)),
    enabled: Type.Optional(Type.Boolean({ description: descriptions.enabled })),
  },
  { $id: "AlertRuleChange", minProperties: 1, ...strict, description: "what is not given stays as it is" },
);

export const AlertSilence = Type.Object(
  {
    seconds: Type.Integer({ minimum: 1, maximum: 2_592_000, description: "how long receivers are not told that the rule fires" }),
    reason: Type.String({ minLength: 1, maxLength: 500, description: "why, for the audit log" }),
  },
  { $id: "AlertSilence", ...strict, description: "a pause of the messages of one rule" },
);

export const AlertRule = Type.Object(
  {
    id: idOf("id of the rule"),
    name: Type.String({ description: descriptions.name }),
    is_default: Type.Boolean({ description: "whether it came with the service, so that a reset restores it" }),
    metric: Type.String({ description: "what the rule looks at" }),
    operator: oneOf(alertOperators, { description: descriptions.operator }),
    threshold: Type.Number({ description: descriptions.threshold }),
    window_seconds: Type.Integer({ description: descriptions.window }),
    breaches: Type.Integer({ description: descriptions.breaches }),
    severity: oneOf(alertSeverities, { description: descriptions.severity }),
    cooldown_seconds: Type.Integer({ description: descriptions.cooldown }),
    enabled: Type.Boolean({ description: descriptions.enabled }),
    silence: nullable(
      Type.Object({
        until: timeOf("when it ends"),
        reason: Type.String({ description: "why" }),
        created_by: Type.String({ description: "who asked for it" }),
      }),
      "the pause of its messages; null while there is none",
    ),
    created_at: timeOf("when it was made"),
    updated_at: timeOf("when it was last changed"),
  },
  { $id: "AlertRule", description: "a condition of which receivers are told" },
);
export const AlertRuleList = Type.Object(
  { items: Type.Array(Type.Ref("AlertRule"), { description: "by name" }) },
  { $id: "AlertRuleList", description: "all rules" },
);

const Alert = Type.Object(
  {
    rule: Type.Ref("AlertRule", { description: "the rule" }),
    state: oneOf(alertStates, {
      description:
        "ok; pending: breached, not long enough yet; firing; resolved: no longer breached, and cooling down; no_data: the part is absent, not measured yet, or the rule is disabled",
    }),
    since: nullable(Type.String({ format: "date-time" }), "when the state began; null before the first evaluation"),
    value: nullable(Type.Number(), "what the last evaluation found; null for no data"),
    breach_count: Type.Integer({ description: "evaluations in a row that breached" }),
  },
  { description: "a rule and its state" },
);

export const Alerts = Type.Object(
  {
    firing_count: Type.Integer({ description: "alerts that fire, silenced ones among them" }),
    evaluation: Type.Object(
      {
        evaluated_at: nullable(
          Type.String({ format: "date-time" }),
          "when the rules were last evaluated, by the database's clock; null before the first time",
        ),
        age_seconds: nullable(Type.Number(), "how long ago that was: over 30, nobody evaluates"),
        interval_seconds: Type.Integer({ description: "time between two evaluations" }),
        process_id: nullable(Type.String(), "the process that evaluates"),
        host: nullable(Type.String(), "its machine"),
        pid: nullable(Type.Integer(), "its number there"),
      },
      { description: "the last evaluation, and the process that made it" },
    ),
    alerts: Type.Array(Alert, { description: "all rules by name" }),
    receivers: Type.Array(
      Type.Object({
        name: Type.String({ description: "webhook or slack" }),
        last_success_at: nullable(Type.String({ format: "date-time" }), "when it last took a message; null if it never did"),
        last_failure_at: nullable(Type.String({ format: "date-time" }), "when it last took none; null if that never was"),
        last_error: nullable(Type.String(), "why; null after a message that it took"),
        failures_in_a_row: Type.Integer({ description: "since the last message that it took" }),
        waiting: Type.Integer({ description: "messages that wait to be sent" }),
      }),
      { description: "who is told, as the settings say" },
    ),
  },
  { $id: "Alerts", description: "the states of all rules" },
);

export const AlertEvent = Type.Object(
  {
    id: idOf("id of the event"),
    rule_id: idOf("the rule"),
    rule_name: Type.String({ description: "its name" }),
    change: oneOf(["firing", "resolved"], { description: "what it became" }),
    severity: Type.String({ description: descriptions.severity }),
    metric: Type.String({ description: "what the rule looked at" }),
    operator: Type.String({ description: descriptions.operator }),
    threshold: Type.Number({ description: "the threshold then" }),
    value: nullable(Type.Number(), "the value then; null for no data"),
    is_silenced: Type.Boolean({ description: "whether the rule was silenced" }),
    at: timeOf("when it happened"),
  },
  { $id: "AlertEvent", description: "a rule that began or ended to fire; kept for 30 days" },
);
export const AlertHistory = pageOf(AlertEvent);

export const AlertTest = Type.Object(
  {
    receivers: Type.Array(
      Type.Object({
        name: Type.String({ description: "webhook or slack" }),
        ok: Type.Boolean({ description: "whether it took the message" }),
        error: nullable(Type.String(), "why it did not; null if it did"),
      }),
      { description: "each receiver; empty when the settings name none" },
    ),
  },
  { $id: "AlertTest", description: "how each receiver took a test message" },
);
