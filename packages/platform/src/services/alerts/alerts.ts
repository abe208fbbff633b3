/** Tells which alerts fire, who evaluates them, how the receivers do, and what has fired before. */

import { newId } from "../../ids/ids.ts";
import { receiverRows, type ReceiverRow } from "../../store/tables/alerts/messages.ts";
import { allAlertRules } from "../../store/tables/alerts/rules.ts";
import {
  allAlertStates,
  type AlertEventRow,
  type AlertState,
  evaluator,
  listAlertEvents,
} from "../../store/tables/alerts/states.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { type Page, pageFrom, type PageQuery } from "../core/pages.ts";
import { type AlertRuleView, alertRuleView } from "./alert-rules.ts";
import { errorText } from "./deliver.ts";

export { alertStates } from "../../store/tables/alerts/states.ts";

export interface AlertView {
  readonly rule: AlertRuleView;
  readonly state: AlertState;
  readonly since: string | null;
  readonly value: number | null;
  readonly breach_count: number;
}

export interface AlertsView {
  readonly firing_count: number;
  readonly evaluation: {
    readonly evaluated_at: string | null;
    readonly age_seconds: number | null;
    readonly interval_seconds: number;
    readonly process_id: string | null;
    readonly host: string | null;
    readonly pid: number | null;
  };
  readonly alerts: readonly AlertView[];
  readonly receivers: readonly ReceiverView[];
}

export interface ReceiverView {
  readonly name: string;
  readonly last_success_at: string | null;
  readonly last_failure_at: string | null;
  readonly last_error: string | null;
  readonly failures_in_a_row: number;
  readonly waiting: number;
}

/** From the primary: a replica may lag, which an alert can be about. */
export async function presentAlerts({ database, config, alertReceivers: receivers }: ServiceContext): Promise<AlertsView> {
  const rules = await allAlertRules(database);
  const states = new Map((await allAlertStates(database)).map((state) => [state.ruleId, state]));
  const last = await evaluator(database);
  const alerts = rules.map((rule): AlertView => {
    const { state = "no_data", since, value = null, breachCount = 0 } = states.get(rule.id) ?? {};
    return { rule: alertRuleView(rule), state, since: since?.toISOString() ?? null, value, breach_count: breachCount };
  });
  return {
    firing_count: alerts.filter(({ state }) => state === "firing").length,
    evaluation: {
      evaluated_at: last?.renewedAt.toISOString() ?? null,
      age_seconds: last?.ageSeconds ?? null,
      interval_seconds: config.alertIntervalS,
      process_id: last?.processId ?? null,
      host: last?.host ?? null,
      pid: last?.pid ?? null,
    },
    alerts,
    receivers: (
      await receiverRows(
        database,
        receivers.map(({ name }) => name),
      )
    ).map((row) => receiverView(row)),
  };
}

function receiverView({ name, lastSuccessAt, lastFailureAt, lastError, failureCount, waiting }: ReceiverRow): ReceiverView {
  return {
    name,
    last_success_at: lastSuccessAt?.toISOString() ?? null,
    last_failure_at: lastFailureAt?.toISOString() ?? null,
    last_error: lastError,
    failures_in_a_row: failureCount,
    waiting,
  };
}

export interface AlertEventView {
  readonly id: string;
  readonly rule_id: string;
  readonly rule_name: string;
  readonly change: AlertEventRow["change"];
  readonly severity: string;
  readonly metric: string;
  readonly operator: string;
  readonly threshold: number;
  readonly value: number | null;
  readonly is_silenced: boolean;
  readonly at: string;
}

export function alertHistory({ database }: ServiceContext, query: PageQuery): Promise<Page<AlertEventView>> {
  return pageFrom(query, async (page) =>
    (await listAlertEvents(database.read, page)).map((row) => ({ view: eventView(row), key: row })),
  );
}

function eventView(row: AlertEventRow): AlertEventView {
  return {
    id: row.id,
    rule_id: row.ruleId,
    rule_name: row.ruleName,
    change: row.change,
    severity: row.severity,
    metric: row.metric,
    operator: row.operator,
    threshold: row.threshold,
    value: row.value,
    is_silenced: row.isSilenced,
    at: row.createdAt.toISOString(),
  };
}

export interface ReceiverTest {
  readonly name: string;
  readonly ok: boolean;
  readonly error: string | null;
}

/** Sends a test message to all receivers at once, each once. */
export async function testReceivers(
  { alertReceivers: receivers }: Pick<ServiceContext, "alertReceivers">,
  { signal }: Call,
): Promise<{ readonly receivers: readonly ReceiverTest[] }> {
  const message = { delivery_id: newId(), is_test: true, alerts: [] };
  const tests = receivers.map(async (receiver): Promise<ReceiverTest> => {
    const { name } = receiver;
    try {
      await receiver.send(message, signal);
      return { name, ok: true, error: null };
    } catch (error) {
      // The answer says it.
      return { name, ok: false, error: errorText(error as Error) };
    }
  });
  return { receivers: await Promise.all(tests) };
}
