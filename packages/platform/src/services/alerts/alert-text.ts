/** Says a message about alerts in words, for receivers that show text. */

import { alertMetric } from "./alert-metrics.ts";
import type { AlertMessage, AlertNotice } from "./alert-message.ts";

/** A line for each rule. */
export function alertText({ is_test: isTest, alerts }: AlertMessage): string {
  if (isTest) return "nomaly: a test message; alerts arrive here";
  return alerts.map((alert) => lineOf(alert)).join("\n");
}

function lineOf({ name, state, severity, metric, operator, threshold, value }: AlertNotice): string {
  const unit = alertMetric(metric)?.unit ?? "";
  const told = (number: number) => `${Number(number.toPrecision(4))}${unit === "" ? "" : ` ${unit}`}`;
  const now = value === null ? "no data" : told(value);
  const said = state === "firing" ? `FIRING (${severity})` : "RESOLVED";
  return `nomaly: ${said} ${name}: ${metric} is ${now}, the rule is ${operator} ${told(threshold)}`;
}
