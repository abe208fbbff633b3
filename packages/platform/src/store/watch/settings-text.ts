/** The settings to change, as statements for the server or as lines for its postgresql.conf. */

import type { SettingCheck, SettingsCheck } from "./settings-check.ts";

/** For psql, as a superuser, outside a transaction. */
export function settingsSql(check: SettingsCheck): string {
  const changes = check.settings.filter(isSettable);
  const lines = ["-- Settings of PostgreSQL to change; run as a superuser, outside a transaction.", ...remarks(check, "--")];
  for (const setting of changes) {
    lines.push(`-- ${reason(setting)}`, `ALTER SYSTEM SET ${setting.name} = ${sqlValue(setting)};`);
  }
  if (changes.length === 0) lines.push("-- Nothing to change.");
  const libraries = check.settings.find(({ name }) => name === "shared_preload_libraries");
  if (libraries?.status === "change") lines.push("CREATE EXTENSION IF NOT EXISTS pg_stat_statements;");
  if (changes.length > 0) lines.push("SELECT pg_reload_conf();");
  return `${[...lines, ...restartLine(changes, "--")].join("\n")}\n`;
}

/** A fragment that can stand at the end of postgresql.conf, where it overrides what stands before. */
export function settingsConf(check: SettingsCheck): string {
  const changes = check.settings.filter(isSettable);
  const lines = ["# Settings of PostgreSQL to change; put them at the end of postgresql.conf.", ...remarks(check, "#")];
  for (const setting of check.settings) {
    if (isSettable(setting)) lines.push(`# ${reason(setting)}`, `${setting.name} = ${quoted(setting.wanted ?? "")}`);
    else if (setting.status === "ok") lines.push(`# ${setting.name} = ${quoted(setting.live ?? "")}, as it should be`);
  }
  return `${[...lines, ...restartLine(changes, "#")].join("\n")}\n`;
}

function isSettable({ status, wanted, overridden_by: overrider }: SettingCheck): boolean {
  return status === "change" && wanted !== null && overrider === null;
}

function reason({ why, live, takes_effect: effect }: SettingCheck): string {
  return oneLine(
    `${why} (was ${live ?? "not seen"}; takes ${effect === "restart" ? "a restart" : effect === "reload" ? "a reload" : "effect in new sessions"})`,
  );
}

/** What stands in the way of the rest. */
function remarks({ settings, not_seen: notSeen }: SettingsCheck, mark: string): readonly string[] {
  const overridden = settings.filter(({ status, overridden_by: overrider }) => status === "change" && overrider !== null);
  return [
    ...notSeen.map(({ lost, remedy }) => `${lost}: ${remedy}`),
    ...overridden.map(
      ({ name, wanted, overridden_by: by }) => `${name} should be ${wanted}: change it where it is set, in the ${by}`,
    ),
    ...settings
      .filter(({ status, wanted }) => status === "change" && wanted === null)
      .map(({ name }) => `${name} lacks pg_stat_statements: add it to what is there`),
  ].map((line) => `${mark} ${oneLine(line)}`);
}

function restartLine(changes: readonly SettingCheck[], mark: string): readonly string[] {
  const waiting = changes.filter(({ takes_effect: effect }) => effect === "restart").map(({ name }) => name);
  return waiting.length === 0 ? [] : [`${mark} Then restart the server, for ${waiting.join(", ")}.`];
}

/** A list is given name by name: in one pair of quotes it would be one name. */
function sqlValue({ name, wanted }: SettingCheck): string {
  const value = wanted ?? "";
  return name === "shared_preload_libraries" ? value.split(", ").map(quoted).join(", ") : quoted(value);
}

function quoted(value: string): string {
  return `'${oneLine(value).replaceAll("'", "''")}'`;
}

/** So that nothing that a server says begins a line of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
