/**
 * Cells that a spreadsheet would run as a formula, made texts (OWASP, "CSV injection"): a single quote before them says so to Excel,
 * LibreOffice and Google Sheets.
 */

import type { OutputColumn } from "./copy-rows.ts";
import { kindOfType } from "./relation.ts";

/** Signs that a formula begins with, also in full width, and those that hide one. DuckDB and JavaScript read the patterns alike. */
const running = "^[=+\\-@\\t\\r\\n＝＋－＠]";
/** `-1.5` is a number, also in a column of texts. */
const plainNumber = "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$";

/** Columns as they are to be written: numbers, dates and labels stay as they are. */
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

/** @param sql of a value whose text may be anything. */
function safeSql(sql: string): string {
  const text = `CAST(${sql} AS VARCHAR)`;
  const isRun = `regexp_matches(${text}, '${running}') AND NOT regexp_matches(${text}, '${plainNumber}')`;
  return `CASE WHEN ${isRun} THEN '''' || ${text} ELSE ${text} END`;
}
