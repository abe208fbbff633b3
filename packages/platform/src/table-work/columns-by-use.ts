/** Chooses the columns of a table that a fit uses, and those that are only read. */

import { scoreColumns } from "../files/write/score-columns.ts";
import { noColumnLeft } from "./file-errors.ts";
import type { GivenTable } from "./given-table.ts";

export interface ColumnChoice {
  /** Columns to fit on; undefined: all that detectors can use, except scores of an earlier run. */
  readonly columns: readonly string[] | undefined;
  readonly exclude: readonly string[];
  /** Columns of labels and row names, which the fit leaves out. */
  readonly marked: readonly string[];
}

export interface ColumnsByUse {
  readonly learned: readonly string[];
  /** Scores of an earlier run that were left out without being asked for. */
  readonly earlier: readonly string[];
}

/** @throws NomalyError COLUMN if no column is left to fit on. */
export function columnsByUse(
  table: Pick<GivenTable, "rows" | "caller">,
  { columns, exclude, marked }: ColumnChoice,
): ColumnsByUse {
  const names = table.rows.columns.map(({ name }) => name);
  const usable = table.rows.columns.filter(({ kind }) => kind !== undefined).map(({ name }) => name);
  const earlier =
    columns === undefined ? scoreColumns(names, { reasons: true }).earlier.filter((name) => usable.includes(name)) : [];
  const left = new Set([...exclude, ...marked, ...earlier]);
  const learned = [...new Set(columns ?? usable)].filter((name) => !left.has(name));
  if (learned.length === 0) throw noColumnLeft(table, [...left]);
  return { learned, earlier: earlier.filter((name) => !marked.includes(name) && !exclude.includes(name)) };
}
