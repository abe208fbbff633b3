/**
 * Puts a single quote before cells that a spreadsheet would run as a formula (OWASP, "CSV injection"): Excel, LibreOffice and Google Sheets
 * then read them as text.
 */

import type { OutputColumn } from "../copy-rows.ts";
import { kindOfType } from "../relation.ts";

/** Characters that begin a formula, also in full width, or hide one. The patterns mean the same in DuckDB and JavaScript. */
const running = "^[=+\\-@\\t\\r\\n＝＋－＠]";
/** A number such as `-1.5` or `-1.234,50` in a column of texts is harmless. */
const plainNumber = "^[+-]?[0-9.,]*[0-9][0-9.,]*([eE][+-]?[0-9]+)?$";

/** Quotes names and texts; numbers, dates and booleans stay unchanged. */
export function safeColumns(columns: readonly (OutputColumn & { readonly type: string })[]): readonly OutputColumn[] {
  return columns.map(({ name, sql, type }) => ({ name: safeText(name), sql: isHarmless(type) ? sql : safeSql(sql) }));
}

function isHarmless(type: string): boolean {
  const kind = kindOfType(type);
  return kind !== undefined && kind !== "text";
}

function safeText(text: string): string {
  return new RegExp(running).test(text) && !new RegExp(plainNumber).test(text) ? `'${text}` : text;
}

/** @param sql expression of a value with any text. */
function safeSql(sql: string): string {
  const text = `CAST(${sql} AS VARCHAR)`;
  const isRun = `regexp_matches(${text}, '${running}') AND NOT regexp_matches(${text}, '${plainNumber}')`;
  return `CASE WHEN ${isRun} THEN '''' || ${text} ELSE ${text} END`;
}
