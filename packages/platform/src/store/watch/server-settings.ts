/** The settings with which PostgreSQL runs now, and how many connections it must give. */

import { connectionBudget } from "../postgres/connection-budget.ts";
import type { Sql } from "../postgres/sql.ts";
import { type StatementStatistics, statementStatistics } from "./statement-statistics.ts";

export interface LiveSetting {
  readonly name: string;
  /** As PostgreSQL shows it, such as "128MB". */
  readonly shown: string;
  /** In bytes or milliseconds where the setting has such a unit. */
  readonly value: number;
  readonly takesEffect: "restart" | "reload" | "new sessions";
  /** Where the value stands, such as "configuration file". */
  readonly source: string;
  readonly waitsForRestart: boolean;
}

export interface ServerSettings {
  /** By name; one that this role may not read is missing. */
  readonly live: ReadonlyMap<string, LiveSetting>;
  /** Connections that our processes, and what is kept for others, need. */
  readonly connectionsNeeded: number;
  readonly statistics: StatementStatistics;
  /** This role, quoted where SQL needs it. */
  readonly role: string;
}

export interface ConnectionWish {
  /** What one process with the present settings may open. */
  readonly ofProcess: number;
  /** Left free for people and other programs. */
  readonly reserve: number;
}

const unitSizes: Readonly<Record<string, number>> = { B: 1, kB: 1024, "8kB": 8192, MB: 1024 ** 2, ms: 1, s: 1000, min: 60_000 };

interface Row {
  readonly name: string;
  readonly setting: string;
  readonly shown: string;
  readonly unit: string | null;
  readonly context: string;
  readonly source: string;
  readonly pending: boolean;
}

export async function serverSettings(sql: Sql, names: readonly string[], wish: ConnectionWish): Promise<ServerSettings> {
  const text = `select name, setting, current_setting(name) as shown, unit, context, source, pending_restart as pending
    from pg_settings where name = any($1::text[])`;
  const { rows } = await sql.query<Row>(text, [names]);
  const { rows: who } = await sql.query<{ role: string }>("select quote_ident(current_user) as role");
  return {
    live: new Map(rows.map((row) => [row.name, liveSetting(row)])),
    connectionsNeeded: await connectionsNeeded(sql, wish),
    statistics: await statementStatistics(sql),
    role: who[0].role,
  };
}

function liveSetting({ name, setting, shown, unit, context, source, pending }: Row): LiveSetting {
  const takesEffect = context === "postmaster" ? "restart" : context === "sighup" ? "reload" : "new sessions";
  const value = Number(setting) * (unitSizes[unit ?? "B"] ?? Number.NaN);
  return { name, shown, value, takesEffect, source, waitsForRestart: pending };
}

async function connectionsNeeded(sql: Sql, { ofProcess, reserve }: ConnectionWish): Promise<number> {
  const text = `select to_regclass('processes') is not null as "isMigrated",
    current_setting('superuser_reserved_connections')::integer
      + coalesce(current_setting('reserved_connections', true)::integer, 0) as kept`;
  const [{ isMigrated, kept }] = (await sql.query<{ isMigrated: boolean; kept: number }>(text)).rows;
  const claimed = isMigrated ? (await connectionBudget(sql, reserve)).claimed : 0;
  return Math.max(claimed, ofProcess) + reserve + kept;
}
