/** Checks that a table has the columns that a model was fitted on. */

import { type AnomalyModel, NomalyError } from "@nomaly/detect";
import type { KnownWriting } from "../files/read/csv/written-options.ts";
import { columnHint, listed, requireColumns } from "./file-errors.ts";
import type { GivenTable } from "./given-table.ts";

const listedNameCount = 10;

/** How the model reads the texts of its columns, for whoever opens a file for it. */
export function writingsOf({ columns }: Pick<AnomalyModel, "columns">): KnownWriting[] {
  return columns.flatMap(({ name, kind, writing }): KnownWriting[] => {
    if (kind === "text") return [{ name, writing: "text" }];
    return writing === undefined ? [] : [{ name, writing }];
  });
}

/** @throws NomalyError COLUMN naming the missing columns. */
export function requireModelColumns(table: Pick<GivenTable, "rows" | "caller">, model: AnomalyModel): void {
  const { rows, caller } = table;
  const needed = model.columns.map(({ name }) => name);
  const known = rows.columns.filter((column) => column.kind !== undefined).map((column) => column.name);
  const missing = needed.filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  // The service names a single one with what is wrong with it.
  if (caller === "service" && missing.length === 1) return requireColumns(table, missing, "columns");
  const quoted = missing.map((name) => `"${name}"`);
  const message = `${rows.name} has no column ${listed(quoted, listedNameCount)}, which the model was fitted on; ${columnHint(missing[0], known)}`;
  throw new NomalyError("COLUMN", message, { field: caller === "service" ? "columns" : missing[0] });
}
