/** Which columns of a table are learned from, and which are only read beside them. */

import { scoreColumns } from "../files/write/score-columns.ts";
import { noColumnLeft } from "./file-errors.ts";
import type { GivenTable } from "./given-table.ts";

export interface ColumnChoice {
  /** To learn from; undefined: all that can be used, but for scores of an earlier run. */
  readonly columns: readonly string[] | undefined;
  readonly exclude: readonly string[];
  /** Labels and names of rows: not learned from. */
  readonly marked: readonly string[];
}

export interface ColumnsByUse {
  readonly learned: readonly string[];
  /** Scores of an earlier run that are left out by this rule alone; one that is named is learned from. */
  readonly earlier: readonly string[];
}

/** @throws NomalyError COLUMN where none is left to learn from. */
export function columnsByUse(
  table: Pick<GivenTable, "rows" | "caller">,
  { columns, exclude, marked }: ColumnChoice,
): ColumnsByUse {
  const names = table.rows.columns.map(({ name }) => name);
  const usable = table.rows.columns.filter(({ kind }) => kind !== undefined).map(({ name }) => name);
  const earlier = columns === undefined ? scoreColumns(names, true).earlier.filter((name) => usable.includes(name)) : [];
  const left = new Set([...exclude, ...marked, ...earlier]);
  const learned = [...new Set(columns ?? usable)].filter((name) => !left.has(name));
  if (learned.length === 0) throw noColumnLeft(table, [...left]);
  return { learned, earlier: earlier.filter((name) => !marked.includes(name) && !exclude.includes(name)) };
}
