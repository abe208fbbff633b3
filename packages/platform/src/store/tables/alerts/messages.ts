/** The tables of messages about alerts that wait for their receiver, and of how each receiver last did. */

import type { Sql } from "../../postgres/sql.ts";

export interface NewAlertMessage {
  readonly id: string;
  readonly receiver: string;
  readonly content: unknown;
}

export interface AlertMessageRow extends NewAlertMessage {
  /** Attempts that have failed. */
  readonly attempts: number;
}

export async function insertAlertMessages(sql: Sql, messages: readonly NewAlertMessage[]): Promise<void> {
  const text = `insert into alert_messages (id, receiver, content)
    select m.id, m.receiver, m.content from jsonb_to_recordset($1::jsonb) as m(id uuid, receiver text, content jsonb)`;
  if (messages.length > 0) await sql.query(text, [JSON.stringify(messages)]);
}

/** The oldest message of the receiver, if it is due and the process has the lease of evaluation: so each receiver is told in order. */
export async function dueAlertMessage(sql: Sql, receiver: string, processId: string): Promise<AlertMessageRow | undefined> {
  const text = `select id, receiver, content, attempts from (
      select * from alert_messages where receiver = $1 order by created_at, id limit 1
    ) as oldest
    where next_attempt_at <= now() and exists (select from alert_evaluator where process_id = $2)`;
  return (await sql.query<AlertMessageRow>(text, [receiver, processId])).rows[0];
}

export async function postponeAlertMessage(sql: Sql, id: string, seconds: number): Promise<void> {
  const text = `update alert_messages set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $2) where id = $1`;
  await sql.query(text, [id, seconds]);
}

export async function deleteAlertMessage(sql: Sql, id: string): Promise<void> {
  await sql.query("delete from alert_messages where id = $1", [id]);
}

export interface ReceiverRow {
  readonly name: string;
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
  readonly lastError: string | null;
  readonly failureCount: number;
  /** Messages that wait. */
  readonly waiting: number;
}

/** @param names those that are set; the ones that were never sent to are there as well. */
export async function receiverRows(sql: Sql, names: readonly string[]): Promise<readonly ReceiverRow[]> {
  const text = `select wanted.name, r.last_success_at as "lastSuccessAt", r.last_failure_at as "lastFailureAt",
      r.last_error as "lastError", coalesce(r.failure_count, 0) as "failureCount",
      (select count(*)::integer from alert_messages m where m.receiver = wanted.name) as waiting
    from unnest($1::text[]) with ordinality as wanted(name, place) left join alert_receivers r on r.name = wanted.name
    order by wanted.place`;
  return (await sql.query<ReceiverRow>(text, [names])).rows;
}

export async function receiverSucceeded(sql: Sql, name: string): Promise<void> {
  const text = `insert into alert_receivers (name, last_success_at) values ($1, now())
    on conflict (name) do update set last_success_at = now(), last_error = null, failure_count = 0`;
  await sql.query(text, [name]);
}

export async function receiverFailed(sql: Sql, name: string, error: string): Promise<void> {
  const text = `insert into alert_receivers (name, last_failure_at, last_error, failure_count) values ($1, now(), $2, 1)
    on conflict (name) do update set last_failure_at = now(), last_error = excluded.last_error,
      failure_count = alert_receivers.failure_count + 1`;
  await sql.query(text, [name, error]);
}
