/** Alert rules with their states and silences, what has fired, and messages that have not been sent. The database's clock decides. */

import { defaultAlertRules } from "../default-alert-rules.ts";

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

const defaults = defaultAlertRules.map(
  ({ name, metric, operator, threshold, windowSeconds, breaches, severity, cooldownSeconds }) =>
    `(gen_random_uuid(), ${quoted(name)}, true, ${quoted(metric)}, ${quoted(operator)}, ${threshold}, ${windowSeconds}, ${breaches},
      ${quoted(severity)}, ${cooldownSeconds})`,
);

export const alerts = `
create table alert_rules (
  id uuid primary key,
  name text not null unique,
  is_default boolean not null,
  metric text not null,
  operator text not null check (operator in ('>', '>=', '<', '<=')),
  threshold double precision not null,
  window_seconds integer not null,
  breaches integer not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  cooldown_seconds integer not null,
  enabled boolean not null default true,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

create table alert_silences (
  rule_id uuid primary key references alert_rules on delete cascade,
  until_at timestamptz(3) not null,
  reason text not null,
  created_by text not null
);

-- Of rules that were evaluated at least once.
create table alert_states (
  rule_id uuid primary key references alert_rules on delete cascade,
  state text not null check (state in ('ok', 'no_data', 'pending', 'firing', 'resolved')),
  since timestamptz(3) not null,
  value double precision,
  breach_count integer not null,
  breach_since timestamptz(3),
  -- Whether receivers were told that it fires.
  is_notified boolean not null
);

create table alert_events (
  id uuid primary key,
  -- No reference: the history outlives the rule.
  rule_id uuid not null,
  rule_name text not null,
  change text not null check (change in ('firing', 'resolved')),
  severity text not null,
  metric text not null,
  operator text not null,
  threshold double precision not null,
  value double precision,
  is_silenced boolean not null,
  created_at timestamptz(3) not null default now()
);
create index alert_events_by_time on alert_events (created_at desc, id desc);

-- The process that evaluates, until it has not renewed its row for too long.
create table alert_evaluator (
  is_only boolean primary key default true check (is_only),
  process_id uuid not null,
  host text not null,
  pid integer not null,
  renewed_at timestamptz(3) not null
);

-- What each process knows of itself alone, such as its pools.
create table alert_readings (
  process_id uuid primary key,
  readings jsonb not null,
  read_at timestamptz(3) not null default now()
);

create table alert_messages (
  id uuid primary key,
  receiver text not null,
  content jsonb not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default now(),
  created_at timestamptz(3) not null default now()
);

create table alert_receivers (
  name text primary key,
  last_success_at timestamptz(3),
  last_failure_at timestamptz(3),
  last_error text,
  -- Since the last success.
  failure_count integer not null default 0
);

insert into alert_rules
  (id, name, is_default, metric, operator, threshold, window_seconds, breaches, severity, cooldown_seconds)
values ${defaults.join(", ")};
`;
