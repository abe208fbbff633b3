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
  return where + order;
}
