/** The tables of alert rules and of their silences. */

import { isId } from "../../../ids/ids.ts";
import type { Sql } from "../../postgres/sql.ts";
import type { DefaultAlertRule } from "../../schema/default-alert-rules.ts";

export const alertOperators = [">", ">=", "<", "<="] as const;
export const alertSeverities = ["info", "warning", "critical"] as const;

export interface AlertCondition extends Omit<DefaultAlertRule, "name"> {
  readonly enabled: boolean;
}

export interface NewAlertRule extends AlertCondition {
  readonly id: string;
  readonly name: string;
}

export interface AlertRuleRow extends NewAlertRule {
  readonly isDefault: boolean;
  /** Null for a rule that is not silenced now. */
  readonly silencedUntil: Date | null;
  readonly silenceReason: string | null;
  readonly silencedBy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `r.id, r.name, r.is_default as "isDefault", r.metric, r.operator, r.threshold, r.window_seconds as "windowSeconds",
  r.breaches, r.severity, r.cooldown_seconds as "cooldownSeconds", r.enabled, s.until_at as "silencedUntil",
  s.reason as "silenceReason", s.created_by as "silencedBy", r.created_at as "createdAt", r.updated_at as "updatedAt"`;
const source = "alert_rules r left join alert_silences s on s.rule_id = r.id and s.until_at > now()";

/** By name. There are few: their number is limited. */
export async function allAlertRules(sql: Sql): Promise<readonly AlertRuleRow[]> {
  return (await sql.query<AlertRuleRow>(`select ${columns} from ${source} order by r.name`)).rows;
}

export async function alertRuleById(sql: Sql, id: string): Promise<AlertRuleRow | undefined> {
  if (!isId(id)) return undefined;
  return (await sql.query<AlertRuleRow>(`select ${columns} from ${source} where r.id = $1`, [id])).rows[0];
}

/** Locks the rule until the transaction ends. */
export async function lockAlertRule(sql: Sql, id: string): Promise<AlertRuleRow | undefined> {
  if (!isId(id)) return undefined;
  return (await sql.query<AlertRuleRow>(`select ${columns} from ${source} where r.id = $1 for no key update of r`, [id])).rows[0];
}

const valuesOf = (rule: AlertCondition) => {
  const { metric, operator, threshold, windowSeconds, breaches, severity, cooldownSeconds, enabled } = rule;
  return [metric, operator, threshold, windowSeconds, breaches, severity, cooldownSeconds, enabled];
};

/** False when there is a rule of that name. */
export async function insertAlertRule(sql: Sql, rule: NewAlertRule): Promise<boolean> {
  const text = `insert into alert_rules (id, name, is_default, metric, operator, threshold, window_seconds, breaches, severity,
      cooldown_seconds, enabled)
    values ($1, $2, false, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (name) do nothing`;
  return (await sql.query(text, [rule.id, rule.name, ...valuesOf(rule)])).rowCount === 1;
}

export async function changeAlertRule(sql: Sql, id: string, changed: AlertCondition): Promise<void> {
  const text = `update alert_rules set metric = $2, operator = $3, threshold = $4, window_seconds = $5, breaches = $6, severity = $7,
    cooldown_seconds = $8, enabled = $9, updated_at = now() where id = $1`;
  await sql.query(text, [id, ...valuesOf(changed)]);
}

/** Inserts the rule, or gives the one of its name this condition. @param id of a new rule. */
export async function restoreAlertRule(sql: Sql, id: string, rule: DefaultAlertRule): Promise<void> {
  const text = `insert into alert_rules (id, name, is_default, metric, operator, threshold, window_seconds, breaches, severity,
      cooldown_seconds, enabled)
    values ($1, $2, true, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (name) do update set is_default = true, metric = excluded.metric, operator = excluded.operator,
      threshold = excluded.threshold, window_seconds = excluded.window_seconds, breaches = excluded.breaches,
      severity = excluded.severity, cooldown_seconds = excluded.cooldown_seconds, enabled = true, updated_at = now()`;
  await sql.query(text, [id, rule.name, ...valuesOf({ ...rule, enabled: true })]);
}

export async function deleteAlertRule(sql: Sql, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  return (await sql.query("delete from alert_rules where id = $1", [id])).rowCount === 1;
}

export interface Silence {
  readonly seconds: number;
  readonly reason: string;
  readonly createdBy: string;
}

/** Takes the place of an earlier silence of the rule. */
export async function silenceAlertRule(sql: Sql, id: string, { seconds, reason, createdBy }: Silence): Promise<void> {
  const text = `insert into alert_silences (rule_id, until_at, reason, created_by)
    values ($1, now() + make_interval(secs => $2), $3, $4)
    on conflict (rule_id) do update set until_at = excluded.until_at, reason = excluded.reason, created_by = excluded.created_by`;
  await sql.query(text, [id, seconds, reason, createdBy]);
}

export async function endSilence(sql: Sql, id: string): Promise<void> {
  await sql.query("delete from alert_silences where rule_id = $1", [id]);
}
