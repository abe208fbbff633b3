/** The tables of the evaluation of alerts: who evaluates, what processes read, states of the rules, and what has fired. */

import type { PageRequest } from "../page.ts";
import type { Sql } from "../../postgres/sql.ts";

export const alertStates = ["ok", "no_data", "pending", "firing", "resolved"] as const;
export type AlertState = (typeof alertStates)[number];

export interface Evaluator {
  readonly processId: string;
  readonly host: string;
  readonly pid: number;
}

export interface EvaluatorRow extends Evaluator {
  readonly renewedAt: Date;
  /** How long ago that was, by the database's clock. */
  readonly ageSeconds: number;
}

/** Of the database's clock: a time to come means that it has gone back since. */
const clockBackSeconds = 60;

/**
 * In the transaction of an evaluation: renews the lease, or takes it when nobody has renewed it for `leaseSeconds`. Others that ask
 * meanwhile wait for the end of the transaction. @returns the database's time; undefined when another process has the lease.
 */
export async function takeEvaluation(
  sql: Sql,
  { processId, host, pid }: Evaluator,
  leaseSeconds: number,
): Promise<Date | undefined> {
  const text = `insert into alert_evaluator as held (process_id, host, pid, renewed_at) values ($1, $2, $3, clock_timestamp())
    on conflict (is_only) do update set process_id = excluded.process_id, host = excluded.host, pid = excluded.pid,
      renewed_at = excluded.renewed_at
    where held.process_id = excluded.process_id or held.renewed_at < clock_timestamp() - make_interval(secs => $4)
      or held.renewed_at > clock_timestamp() + make_interval(secs => $5)
    returning renewed_at as now`;
  return (await sql.query<{ now: Date }>(text, [processId, host, pid, leaseSeconds, clockBackSeconds])).rows[0]?.now;
}

export async function evaluator(sql: Sql): Promise<EvaluatorRow | undefined> {
  const text = `select process_id as "processId", host, pid, renewed_at as "renewedAt",
    extract(epoch from clock_timestamp() - renewed_at)::double precision as "ageSeconds" from alert_evaluator`;
  return (await sql.query<EvaluatorRow>(text)).rows[0];
}

export type Readings = Readonly<Record<string, number>>;

export async function storeReadings(sql: Sql, processId: string, readings: Readings): Promise<void> {
  const text = `insert into alert_readings (process_id, readings) values ($1, $2)
    on conflict (process_id) do update set readings = excluded.readings, read_at = now()`;
  await sql.query(text, [processId, JSON.stringify(readings)]);
}

/** Of all processes, the highest of each metric that was read within `secondsMax`. */
export async function highestReadings(sql: Sql, secondsMax: number): Promise<Readings> {
  const text = `select key as metric, max(value::double precision) as value
    from alert_readings cross join jsonb_each_text(readings)
    where read_at > now() - make_interval(secs => $1) group by key`;
  const { rows } = await sql.query<{ metric: string; value: number }>(text, [secondsMax]);
  return Object.fromEntries(rows.map(({ metric, value }) => [metric, value]));
}

export interface WindowReadings {
  readonly error_rate: number | null;
  readonly response_time: number | null;
  readonly throughput: number | null;
}

/** Over all processes' samples of the last seconds; null without requests or samples. */
export async function windowReadings(sql: Sql, windowSeconds: number): Promise<WindowReadings> {
  const text = `with own as (
      select sum(request_count) as requests, sum(error_count) as errors, sum(response_time * request_count) as total_ms,
        avg(throughput) as throughput
      from performance_samples where seconds = 1 and taken_at > now() - make_interval(secs => $1) group by process_id
    )
    select sum(errors)::double precision * 100 / nullif(sum(requests), 0)::double precision as error_rate,
      sum(total_ms)::double precision / nullif(sum(requests), 0)::double precision as response_time,
      sum(throughput)::double precision as throughput
    from own`;
  return (await sql.query<WindowReadings>(text, [windowSeconds])).rows[0];
}

export interface AlertStateRow {
  readonly ruleId: string;
  readonly state: AlertState;
  readonly since: Date;
  /** Null for no data. */
  readonly value: number | null;
  readonly breachCount: number;
  readonly breachSince: Date | null;
  readonly isNotified: boolean;
}

export async function allAlertStates(sql: Sql): Promise<readonly AlertStateRow[]> {
  const text = `select rule_id as "ruleId", state, since, value, breach_count as "breachCount", breach_since as "breachSince",
    is_notified as "isNotified" from alert_states`;
  return (await sql.query<AlertStateRow>(text)).rows;
}

/** States of rules that were removed meanwhile are left out. */
export async function storeAlertStates(sql: Sql, states: readonly AlertStateRow[]): Promise<void> {
  const text = `insert into alert_states (rule_id, state, since, value, breach_count, breach_since, is_notified)
    select s."ruleId", s.state, s.since, s.value, s."breachCount", s."breachSince", s."isNotified"
    from jsonb_to_recordset($1::jsonb) as s("ruleId" uuid, state text, since timestamptz, value double precision,
      "breachCount" integer, "breachSince" timestamptz, "isNotified" boolean)
    join (select id from alert_rules for key share) as present on present.id = s."ruleId"
    on conflict (rule_id) do update set state = excluded.state, since = excluded.since, value = excluded.value,
      breach_count = excluded.breach_count, breach_since = excluded.breach_since, is_notified = excluded.is_notified`;
  await sql.query(text, [JSON.stringify(states)]);
}

export interface AlertEvent {
  readonly id: string;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly change: "firing" | "resolved";
  readonly severity: string;
  readonly metric: string;
  readonly operator: string;
  readonly threshold: number;
  readonly value: number | null;
  readonly isSilenced: boolean;
}

export interface AlertEventRow extends AlertEvent {
  readonly createdAt: Date;
}

export async function insertAlertEvents(sql: Sql, events: readonly AlertEvent[]): Promise<void> {
  if (events.length === 0) return;
  const text = `insert into alert_events (id, rule_id, rule_name, change, severity, metric, operator, threshold, value, is_silenced)
    select e.id, e."ruleId", e."ruleName", e.change, e.severity, e.metric, e.operator, e.threshold, e.value, e."isSilenced"
    from jsonb_to_recordset($1::jsonb) as e(id uuid, "ruleId" uuid, "ruleName" text, change text, severity text, metric text,
      operator text, threshold double precision, value double precision, "isSilenced" boolean)`;
  await sql.query(text, [JSON.stringify(events)]);
}

/** Newest first. */
export async function listAlertEvents(sql: Sql, { limit, after }: PageRequest): Promise<readonly AlertEventRow[]> {
  const text = `select id, rule_id as "ruleId", rule_name as "ruleName", change, severity, metric, operator, threshold, value,
      is_silenced as "isSilenced", created_at as "createdAt"
    from alert_events where $1::timestamptz is null or (created_at, id) < ($1, $2::uuid)
    order by created_at desc, id desc limit $3`;
  return (await sql.query<AlertEventRow>(text, [after?.createdAt ?? null, after?.id ?? null, limit])).rows;
}

const eventDays = 30;
const otherDays = 1;

/** Old history, and what stopped processes and former receivers have left. */
export async function deleteOldAlertRecords(sql: Sql): Promise<void> {
  await sql.query("delete from alert_events where created_at < now() - make_interval(days => $1)", [eventDays]);
  await sql.query("delete from alert_readings where read_at < now() - make_interval(days => $1)", [otherDays]);
  await sql.query("delete from alert_messages where created_at < now() - make_interval(days => $1)", [otherDays]);
  await sql.query("delete from alert_silences where until_at < now() - make_interval(days => $1)", [otherDays]);
}
