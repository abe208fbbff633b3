/** `nomaly db`: checks the settings of the database's server, and maintains the database. */

import { alignedLines, widthFor } from "../../report/columns.ts";
import { painter } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, note, say, sayJson } from "../frame/context.ts";
import type { MaintenanceReport, SettingsReport } from "../frame/database-administration.ts";
import { TodoError, UsageError } from "../frame/exit-codes.ts";
import { serviceConfig } from "../frame/service-config.ts";

/** As PostgreSQL counts: a kB is 1024 bytes. */
const unitBytes: Readonly<Record<string, number>> = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };
const memoryBytesMin = 64 * 2 ** 20;
const memoryBytesMax = 2 ** 50;

export async function runDb(given: Arguments, context: CliContext): Promise<void> {
  const [action] = given.operands;
  if (action !== "check" && action !== "maintain") throw new UsageError(`nomaly db knows check and maintain, not "${action}"`);
  const printed = ["sql", "conf", "json"].filter((name) => given.has(name));
  if (printed.length > 1) throw new UsageError(`nomaly db prints one of --${printed.join(" and --")}`);
  if (action === "maintain") {
    const unused = ["sql", "conf", "memory"].find((name) => given.has(name));
    if (unused !== undefined) throw new UsageError(`--${unused} is for nomaly db check`);
  }
  const memoryBytes = memoryOf(given.text("memory"));
  const { config } = serviceConfig(given, context);
  const host = await context.serviceHost();
  if (action === "maintain")
    return maintained(await host.withDatabase(config, context.signal, (open) => open.maintain()), given, context);
  const { report, sql, conf } = await host.withDatabase(config, context.signal, (open) => open.check(memoryBytes));
  if (given.has("json")) sayJson(context, report);
  else if (given.has("sql")) say(context, sql.trimEnd());
  else if (given.has("conf")) say(context, conf.trimEnd());
  else await sayCheck(context, report);
  if (report.must_change > 0) throw new TodoError(`${report.must_change} findings ask for a change of the database's server`);
}

function memoryOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]b)$/i.exec(text.trim()) ?? [];
  const bytes = digits === "" ? Number.NaN : Math.floor(Number(digits) * unitBytes[unit.toUpperCase()]);
  if (bytes >= memoryBytesMin && bytes <= memoryBytesMax) return bytes;
  throw new UsageError(`--memory must be a size such as 8GB, from 64MB to 1024TB, got "${text}"`);
}

async function sayCheck(context: CliContext, report: SettingsReport): Promise<void> {
  const { memory_bytes: memory, connections_needed: connections, settings, warnings, not_seen: notSeen } = report;
  const known =
    memory === null ? "memory that is not known" : `${Math.round(memory / 2 ** 20).toLocaleString("en-US")} MB of memory`;
  say(context, `PostgreSQL with ${known}; ${connections} connections are needed.\n`);
  const paint = painter(context.colour);
  const table = settings.map((setting) => [
    paint(setting.name, "bold"),
    setting.live ?? "not seen",
    setting.status === "change" ? `change to ${setting.wanted ?? "see there"}` : setting.status,
    setting.status === "change" ? `takes a ${setting.takes_effect}`.replace("a new sessions", "effect in new sessions") : "",
    paint(
      setting.status !== "change" || setting.overridden_by === null
        ? setting.why
        : `${setting.why} (set in the ${setting.overridden_by}: change it there)`,
      "dim",
    ),
  ]);
  say(context, alignedLines(table, [0, 1, 2, 3, 4], await widthFor(settings.map(({ live }) => live ?? ""))).join("\n"));
  for (const warning of warnings) say(context, `\nWarning: ${warning}`);
  for (const { lost, remedy } of notSeen) say(context, `\nNote: ${lost}; ${remedy}`);
  if (settings.some(({ status }) => status === "change")) {
    say(context, "\nnomaly db check --sql prints statements that change them, --conf lines for postgresql.conf.");
  }
}

function maintained(report: MaintenanceReport, given: Arguments, context: CliContext): void {
  const { done, vacuumed, reindexed, mended, failed } = report;
  if (given.has("json")) sayJson(context, report);
  else if (!done) say(context, "Another process maintains the database now: nothing was done.");
  else {
    say(context, `${vacuumed.length} tables were vacuumed and analysed.`);
    for (const name of mended) say(context, `${name} was missing or invalid, and is built again.`);
    for (const { index, bytes_before: before, bytes_after: after } of reindexed) {
      say(context, `${index} was bloated, and is built again: ${kilobytes(before)} before, ${kilobytes(after)} now.`);
    }
  }
  for (const { name, error } of failed) note(context, `${name}: ${error}`);
  if (failed.length > 0) throw new TodoError(`${failed.length} parts of the maintenance failed`);
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString("en-US")} kB`;
}
