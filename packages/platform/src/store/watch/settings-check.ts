/** Compares the settings with which PostgreSQL runs with those that its memory and its connections call for. */

import type { Sql } from "../postgres/sql.ts";
import { type ConnectionWish, type LiveSetting, serverSettings, type ServerSettings } from "./server-settings.ts";
import { type ServerLoad, type SettingRule, settingRules, settingText } from "./setting-rules.ts";
import type { Blindness } from "./statement-statistics.ts";

export interface SettingCheck {
  readonly name: string;
  /** As PostgreSQL shows it; null when this role may not see it. */
  readonly live: string | null;
  /** Null when it depends on memory that is not known. */
  readonly wanted: string | null;
  /** fixed: nomaly sets it for its own PostgreSQL. */
  readonly status: "ok" | "change" | "unknown" | "fixed";
  readonly why: string;
  readonly takes_effect: "restart" | "reload" | "new sessions";
  /** Set where neither ALTER SYSTEM nor postgresql.conf changes it, such as "command line". */
  readonly overridden_by: string | null;
}

export interface SettingsCheck {
  readonly memory_bytes: number | null;
  readonly connections_needed: number;
  readonly settings: readonly SettingCheck[];
  readonly warnings: readonly string[];
  /** Settings to change, and warnings. */
  readonly must_change: number;
  readonly not_seen: readonly Blindness[];
}

export interface CheckOptions extends ConnectionWish {
  readonly memoryBytes: number | undefined;
  /** nomaly's own PostgreSQL, whose settings nomaly chooses at each start. */
  readonly isEmbedded: boolean;
}

const libraries = "shared_preload_libraries";
const statisticsLibrary = "pg_stat_statements";
const overriding = new Set(["command line", "environment variable", "database", "user", "database user", "client", "session"]);

/** Changes nothing. Works for a role without rights: `not_seen` then says what it may not read. */
export async function checkSettings(sql: Sql, options: CheckOptions): Promise<SettingsCheck> {
  const names = [...settingRules.map(({ name }) => name), libraries];
  return judgeSettings(await serverSettings(sql, names, options), options);
}

export function judgeSettings(server: ServerSettings, { memoryBytes, isEmbedded }: Omit<CheckOptions, keyof ConnectionWish>) {
  const load = loadOf(server, memoryBytes);
  const checks = [...settingRules.map((rule) => checkOf(rule, server.live.get(rule.name), load)), librariesCheck(server)];
  const settings = isEmbedded ? checks.map(fixed) : checks;
  const warnings = isEmbedded ? [] : warningsOf(server, load);
  return {
    memory_bytes: memoryBytes ?? null,
    connections_needed: server.connectionsNeeded,
    settings,
    warnings,
    must_change: settings.filter(({ status }) => status === "change").length + warnings.length,
    not_seen: notSeen(server, memoryBytes, isEmbedded),
  } satisfies SettingsCheck;
}

/** As many connections as will be allowed: what is set, unless that is to change. */
function loadOf({ live, connectionsNeeded }: ServerSettings, memoryBytes: number | undefined): ServerLoad {
  const [rule] = settingRules;
  const load = { memoryBytes, connectionsNeeded, connections: live.get(rule.name)?.value ?? connectionsNeeded };
  const wanted = rule.wanted(load) ?? load.connections;
  return rule.isFine(load.connections, wanted, load) ? load : { ...load, connections: wanted };
}

function checkOf(
  { name, kind, wanted, isFine, why }: SettingRule,
  live: LiveSetting | undefined,
  load: ServerLoad,
): SettingCheck {
  const value = wanted(load);
  const isKnown = live !== undefined && value !== undefined;
  return {
    name,
    live: live?.shown ?? null,
    wanted: value === undefined ? null : settingText(kind, value),
    status: isKnown ? (isFine(live.value, value, load) ? "ok" : "change") : "unknown",
    why,
    takes_effect: live?.takesEffect ?? "restart",
    overridden_by: overriderOf(live),
  };
}

function librariesCheck({ live: settings, statistics }: ServerSettings): SettingCheck {
  const live = settings.get(libraries);
  const isThere = statistics.kind === "ready";
  const loaded = live === undefined ? [] : live.shown.split(",").map((name) => name.trim().replaceAll('"', ""));
  const wanted = [...loaded.filter((name) => name !== "" && name !== statisticsLibrary), statisticsLibrary];
  const why = "pg_stat_statements keeps the figures of all statements";
  return {
    name: libraries,
    live: live?.shown ?? null,
    wanted: live === undefined ? null : wanted.join(", "),
    status: isThere ? "ok" : "change",
    why: isThere ? why : `${why}; without it ${statistics.lost}: ${statistics.remedy}`,
    takes_effect: "restart",
    overridden_by: overriderOf(live),
  };
}

function overriderOf(live: LiveSetting | undefined): string | null {
  return live !== undefined && overriding.has(live.source) ? live.source : null;
}

/** The libraries too: the next start of the service loads and creates what is missing. */
function fixed(check: SettingCheck): SettingCheck {
  return check.status === "ok"
    ? check
    : { ...check, status: "fixed", why: `nomaly sets it for its own PostgreSQL; elsewhere: ${check.why}` };
}

function warningsOf({ live }: ServerSettings, { memoryBytes }: ServerLoad): readonly string[] {
  const warnings: string[] = [];
  const [work, connections] = [live.get("work_mem"), live.get("max_connections")];
  if (work !== undefined && connections !== undefined && memoryBytes !== undefined) {
    const bytes = work.value * connections.value;
    if (bytes > memoryBytes) {
      const sizes = `${settingText("bytes", bytes)}, more than the ${settingText("bytes", memoryBytes)} of memory`;
      warnings.push(
        `work_mem ${work.shown} x max_connections ${connections.shown} is ${sizes}: the system may end the server when all of them sort`,
      );
    }
  }
  const waiting = [...live.values()].filter(({ waitsForRestart }) => waitsForRestart).map(({ name }) => name);
  if (waiting.length > 0) warnings.push(`changed, but not in force before the server restarts: ${waiting.join(", ")}`);
  return warnings;
}

function notSeen({ live, role }: ServerSettings, memoryBytes: number | undefined, isEmbedded: boolean): readonly Blindness[] {
  const blind: Blindness[] = [];
  if (!live.has(libraries)) {
    blind.push({ lost: `${libraries} is not seen`, remedy: `as a superuser: grant pg_monitor to ${role}` });
  }
  if (memoryBytes === undefined && !isEmbedded) {
    blind.push({ lost: "the memory of the server is not known from here", remedy: "say it, as in --memory 8GB" });
  }
  return blind;
}
