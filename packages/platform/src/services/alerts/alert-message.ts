/** What receivers are told: all rules that changed in one evaluation, in one message. */

import type { AlertRuleRow } from "../../store/tables/alerts/rules.ts";
import type { AlertChange } from "./evaluate.ts";

export interface AlertNotice {
  readonly rule_id: string;
  readonly name: string;
  readonly state: AlertChange;
  readonly severity: string;
  readonly metric: string;
  readonly operator: string;
  readonly threshold: number;
  /** Null for no data. */
  readonly value: number | null;
  readonly at: string;
}

export interface AlertMessage {
  /** The same when the message is sent again. */
  readonly delivery_id: string;
  readonly is_test: boolean;
  readonly alerts: readonly AlertNotice[];
}

export function noticeOf(rule: AlertRuleRow, state: AlertChange, value: number | null, now: Date): AlertNotice {
  const { id, name, severity, metric, operator, threshold } = rule;
  return { rule_id: id, name, state, severity, metric, operator, threshold, value, at: now.toISOString() };
}
