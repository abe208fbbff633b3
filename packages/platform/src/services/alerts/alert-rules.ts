/** Lists, makes, changes, silences and removes alert rules. */

import { NomalyError } from "@nomaly/detect";
import { newId } from "../../ids/ids.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { defaultAlertRules } from "../../store/schema/default-alert-rules.ts";
import {
  type AlertCondition,
  alertRuleById,
  type AlertRuleRow,
  allAlertRules,
  changeAlertRule as storeChange,
  deleteAlertRule,
  endSilence as storeSilenceEnd,
  insertAlertRule,
  lockAlertRule,
  restoreAlertRule,
  silenceAlertRule as storeSilence,
} from "../../store/tables/alerts/rules.ts";
import { change, type Changed, type Done } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { removing } from "../core/removing.ts";
import { alertMetric, type AlertMetricName, overWindowSecondsMin } from "./alert-metrics.ts";

export { alertOperators, alertSeverities } from "../../store/tables/alerts/rules.ts";

const rulesMax = 100;

export interface AlertConditionGiven {
  readonly metric?: AlertMetricName;
  readonly operator?: AlertCondition["operator"];
  readonly threshold?: number;
  readonly window_seconds?: number;
  readonly breaches?: number;
  readonly severity?: AlertCondition["severity"];
  readonly cooldown_seconds?: number;
  readonly enabled?: boolean;
}

export interface AlertRuleGiven extends AlertConditionGiven {
  readonly name: string;
  readonly metric: AlertMetricName;
  readonly operator: AlertCondition["operator"];
  readonly threshold: number;
}

export interface SilenceView {
  readonly until: string;
  readonly reason: string;
  readonly created_by: string;
}

export interface AlertRuleView {
  readonly id: string;
  readonly name: string;
  readonly is_default: boolean;
  readonly metric: string;
  readonly operator: string;
  readonly threshold: number;
  readonly window_seconds: number;
  readonly breaches: number;
  readonly severity: string;
  readonly cooldown_seconds: number;
  readonly enabled: boolean;
  readonly silence: SilenceView | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** By name. */
export async function listAlertRules({ database }: ServiceContext): Promise<{ readonly items: readonly AlertRuleView[] }> {
  return { items: (await allAlertRules(database)).map((rule) => alertRuleView(rule)) };
}

const usual = { windowSeconds: 60, breaches: 2, severity: "warning", cooldownSeconds: 300, enabled: true } as const;

/** @throws NomalyError REQUEST, CONFLICT for a name that is taken, QUOTA. */
export async function createAlertRule(context: ServiceContext, call: Call, given: AlertRuleGiven): Promise<Done<AlertRuleView>> {
  const { name, metric, operator, threshold } = given;
  const condition = changed({ ...usual, metric, operator, threshold }, given);
  return change<AlertRuleView>(context, call, {
    action: "alert-rule.create",
    subjectKind: "alert-rule",
    status: 201,
    work: async (sql) => {
      const rules = await allAlertRules(sql);
      if (rules.length >= rulesMax) {
        const message = `there are ${rules.length} alert rules, at most ${rulesMax} are allowed: remove one first`;
        throw new NomalyError("QUOTA", message, { field: "name", expected: `at most ${rulesMax}` });
      }
      const id = newId();
      if (!(await insertAlertRule(sql, { id, name, ...condition }))) {
        throw new NomalyError("CONFLICT", `there is an alert rule "${name}" already`, { field: "name", received: name });
      }
      return viewed(sql, id, { name, metric });
    },
  });
}

/** @throws NomalyError REQUEST, NOT_FOUND. */
export async function changeAlertRule(
  context: ServiceContext,
  call: Call,
  id: string,
  given: AlertConditionGiven,
): Promise<AlertRuleView> {
  const { value } = await change(context, call, {
    action: "alert-rule.change",
    subjectKind: "alert-rule",
    work: async (sql) => {
      await storeChange(sql, id, changed(required(await lockAlertRule(sql, id), id), given));
      return viewed(sql, id, { changes: given });
    },
  });
  return value;
}

/** Gives the default rules their conditions again, enables them, and adds those that were removed. */
export async function resetAlertRules(
  context: ServiceContext,
  call: Call,
): Promise<{ readonly items: readonly AlertRuleView[] }> {
  const { value } = await change(context, call, {
    action: "alert-rule.reset",
    subjectKind: "alert-rule",
    work: async (sql) => {
      for (const rule of defaultAlertRules) await restoreAlertRule(sql, newId(), rule);
      return { value: { items: (await allAlertRules(sql)).map((rule) => alertRuleView(rule)) }, subjectId: null };
    },
  });
  return value;
}

/** An alert that fires ends without a message. @throws NomalyError NOT_FOUND. */
export async function removeAlertRule(context: ServiceContext, call: Call, id: string): Promise<void> {
  await removing(context, call, {
    action: "alert-rule.delete",
    subjectKind: "alert-rule",
    work: async (sql) => {
      const { name } = required(await alertRuleById(sql, id), id);
      await deleteAlertRule(sql, id);
      return { value: null, subjectId: id, details: { name } };
    },
  });
}

/** Takes the place of an earlier silence. @throws NomalyError NOT_FOUND. */
export async function silenceAlertRule(
  context: ServiceContext,
  call: Call,
  id: string,
  { seconds, reason }: { readonly seconds: number; readonly reason: string },
): Promise<AlertRuleView> {
  const { value } = await change(context, call, {
    action: "alert-rule.silence",
    subjectKind: "alert-rule",
    work: async (sql) => {
      required(await lockAlertRule(sql, id), id);
      await storeSilence(sql, id, { seconds, reason, createdBy: call.actor });
      return viewed(sql, id, { seconds, reason });
    },
  });
  return value;
}

/** @throws NomalyError NOT_FOUND. */
export async function endSilence(context: ServiceContext, call: Call, id: string): Promise<AlertRuleView> {
  const { value } = await change(context, call, {
    action: "alert-rule.unsilence",
    subjectKind: "alert-rule",
    work: async (sql) => {
      required(await lockAlertRule(sql, id), id);
      await storeSilenceEnd(sql, id);
      return viewed(sql, id, {});
    },
  });
  return value;
}

/** @throws NomalyError REQUEST for a window that is too short for the metric. */
function changed(before: AlertCondition, given: AlertConditionGiven): AlertCondition {
  const after: AlertCondition = {
    metric: given.metric ?? before.metric,
    operator: given.operator ?? before.operator,
    threshold: given.threshold ?? before.threshold,
    windowSeconds: given.window_seconds ?? before.windowSeconds,
    breaches: given.breaches ?? before.breaches,
    severity: given.severity ?? before.severity,
    cooldownSeconds: given.cooldown_seconds ?? before.cooldownSeconds,
    enabled: given.enabled ?? before.enabled,
  };
  if (alertMetric(after.metric)?.kind === "over" && after.windowSeconds < overWindowSecondsMin) {
    const message = `${after.metric} is measured over the window: window_seconds must be at least ${overWindowSecondsMin}, not ${after.windowSeconds}`;
    const received = String(after.windowSeconds);
    throw new NomalyError("REQUEST", message, {
      field: "window_seconds",
      expected: `at least ${overWindowSecondsMin}`,
      received,
    });
  }
  return after;
}

/** The rule as the transaction leaves it. */
async function viewed(sql: Sql, id: string, details: Readonly<Record<string, unknown>>): Promise<Changed<AlertRuleView>> {
  return { value: alertRuleView(required(await alertRuleById(sql, id), id)), subjectId: id, details };
}

function required(rule: AlertRuleRow | undefined, id: string): AlertRuleRow {
  if (rule !== undefined) return rule;
  throw new NomalyError("NOT_FOUND", `there is no alert rule ${id}`, { field: "id", received: id });
}

export function alertRuleView(rule: AlertRuleRow): AlertRuleView {
  return {
    id: rule.id,
    name: rule.name,
    is_default: rule.isDefault,
    metric: rule.metric,
    operator: rule.operator,
    threshold: rule.threshold,
    window_seconds: rule.windowSeconds,
    breaches: rule.breaches,
    severity: rule.severity,
    cooldown_seconds: rule.cooldownSeconds,
    enabled: rule.enabled,
    silence: silenceOf(rule),
    created_at: rule.createdAt.toISOString(),
    updated_at: rule.updatedAt.toISOString(),
  };
}

function silenceOf({ silencedUntil, silenceReason, silencedBy }: AlertRuleRow): SilenceView | null {
  if (silencedUntil === null) return null;
  return { until: silencedUntil.toISOString(), reason: silenceReason ?? "", created_by: silencedBy ?? "" };
}
