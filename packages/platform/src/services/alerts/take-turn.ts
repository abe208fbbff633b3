/** One turn of the evaluation of alerts: each process stores its readings; the one that has the lease evaluates all rules. */

import { hostname } from "node:os";
import { newId } from "../../ids/ids.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { insertAlertMessages } from "../../store/tables/alerts/messages.ts";
import { allAlertRules, type AlertRuleRow } from "../../store/tables/alerts/rules.ts";
import {
  allAlertStates,
  type AlertEvent,
  type AlertStateRow,
  insertAlertEvents,
  storeAlertStates,
  storeReadings,
  takeEvaluation,
} from "../../store/tables/alerts/states.ts";
import type { ServiceContext } from "../core/context.ts";
import { type AlertMessage, type AlertNotice, noticeOf } from "./alert-message.ts";
import { alertMetric } from "./alert-metrics.ts";
import { evaluateRule, type EvaluatedRule } from "./evaluate.ts";
import { ownReadings } from "./own-readings.ts";
import { ruleValues } from "./rule-values.ts";

/** With the longest interval of 10 seconds, another process takes over within 30 seconds of the last renewal. */
const leaseSeconds = 20;
const turnMsMax = 15_000;

export type TurnContext = Pick<
  ServiceContext,
  "config" | "database" | "cache" | "monitor" | "processId" | "alertReceivers" | "log"
>;

export function alertTurn(context: TurnContext): (signal: AbortSignal) => Promise<void> {
  const { database, processId } = context;
  const read = ownReadings(context);
  return async (signal) => {
    // Before a connection is asked for: a pool that is full shows in the reading.
    const readings = await read();
    const bounded = database.withSignal(AbortSignal.any([signal, AbortSignal.timeout(turnMsMax)]));
    await storeReadings(bounded, processId, readings);
    await bounded.transaction((sql) => evaluateAll(sql, context));
  };
}

async function evaluateAll(sql: Sql, { monitor, processId, alertReceivers: receivers, log }: TurnContext): Promise<void> {
  const now = await takeEvaluation(sql, { processId, host: hostname(), pid: process.pid }, leaseSeconds);
  if (now === undefined) return;
  const rules = await allAlertRules(sql);
  const values = await ruleValues(sql, monitor, rules);
  const before = new Map((await allAlertStates(sql)).map((state) => [state.ruleId, state]));
  const { states, events, notices } = evaluateRules(rules, { values, before, now });
  await storeAlertStates(sql, states);
  await insertAlertEvents(sql, events);
  for (const { ruleName, change, value } of events) log.warn({ alert: ruleName, value }, `an alert is ${change}: ${ruleName}`);
  if (notices.length > 0)
    await insertAlertMessages(
      sql,
      receivers.map(({ name }) => messageTo(name, notices)),
    );
}

function messageTo(receiver: string, alerts: readonly AlertNotice[]) {
  const id = newId();
  const content: AlertMessage = { delivery_id: id, is_test: false, alerts };
  return { id, receiver, content };
}

export interface Seen {
  /** By the rule's id. */
  readonly values: ReadonlyMap<string, number | null>;
  readonly before: ReadonlyMap<string, AlertStateRow>;
  readonly now: Date;
}

export interface EvaluatedRules {
  readonly states: readonly AlertStateRow[];
  readonly events: readonly AlertEvent[];
  /** What one message tells. */
  readonly notices: readonly AlertNotice[];
}

export function evaluateRules(rules: readonly AlertRuleRow[], { values, before, now }: Seen): EvaluatedRules {
  const states: AlertStateRow[] = [];
  const events: AlertEvent[] = [];
  const notices: AlertNotice[] = [];
  for (const rule of rules) {
    const value = values.get(rule.id) ?? null;
    const evaluated = evaluatedRule(rule, now);
    const { after, change, notice } = evaluateRule(evaluated, before.get(rule.id), value, now);
    states.push({ ruleId: rule.id, ...after });
    if (change !== undefined) events.push(eventOf(rule, { change, value, isSilenced: evaluated.isSilenced }));
    if (notice !== undefined) notices.push(noticeOf(rule, notice, value, now));
  }
  return { states, events, notices };
}

function evaluatedRule(rule: AlertRuleRow, now: Date): EvaluatedRule {
  const { silencedUntil } = rule;
  return {
    ...rule,
    heldSeconds: alertMetric(rule.metric)?.kind === "now" ? rule.windowSeconds : 0,
    isSilenced: silencedUntil !== null && silencedUntil.getTime() > now.getTime(),
  };
}

function eventOf(rule: AlertRuleRow, seen: Pick<AlertEvent, "change" | "value" | "isSilenced">): AlertEvent {
  const { id: ruleId, name: ruleName, severity, metric, operator, threshold } = rule;
  return { id: newId(), ruleId, ruleName, severity, metric, operator, threshold, ...seen };
}
