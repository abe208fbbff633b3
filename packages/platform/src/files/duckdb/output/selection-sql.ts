/** SQL for which scored rows are written, and in which order. */

import type { RowSelection } from "../../write/row-sink.ts";

/** Expressions of what rows are selected by. */
export interface SelectedBy {
  readonly score: string;
  readonly isAnomaly: string;
  /** The place of the row in the file. */
  readonly row: string;
}

/** Goes behind the FROM of a query. DuckDB sorts within its memory limit, and fails where it cannot. */
export function selectionSql(selection: RowSelection | undefined, { score, isAnomaly, row }: SelectedBy): string {
  const where = selection?.onlyAnomalies === true ? ` WHERE ${isAnomaly}` : "";
  const order = selection?.byScore === true ? ` ORDER BY ${score} DESC, ${row}` : "";
  const limit = selection?.rowCountMax === undefined ? "" : ` LIMIT ${selection.rowCountMax}`;
  return where + order + limit;
}

/**
 * The rows of a table, as it goes behind FROM, that are spread evenly over those of the selection. Only places and scores are sorted,
 * which takes little memory beside whole rows.
 */
export function sampledSql(table: string, selection: RowSelection, { score, isAnomaly, row }: SelectedBy): string {
  const count = selection.sampleCount;
  if (count === undefined) return table;
  const order = selection.byScore ? `${score} DESC, ${row}` : row;
  const where = selection.onlyAnomalies ? ` WHERE ${isAnomaly}` : "";
  const placed = `SELECT ${row} AS chosen, row_number() OVER (ORDER BY ${order}) - 1 AS place, count(*) OVER () AS rows FROM ${table}${where}`;
  // The first row, and each at which the whole number of rows that are due rises.
  const isDue = `place = 0 OR (place * ${count}) // rows > ((place - 1) * ${count}) // rows`;
  return `(SELECT * FROM ${table} WHERE ${row} IN (SELECT chosen FROM (${placed}) WHERE ${isDue}))`;
}
