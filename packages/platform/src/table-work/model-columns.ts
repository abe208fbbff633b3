/** The columns that a model was fitted on, in the table that it is to score. */

import type { AnomalyModel } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import { columnHint, requireColumns } from "./file-errors.ts";
import type { GivenTable } from "./given-table.ts";

/** Columns that a message lists. */
const listedNameCount = 8;

/** @throws NomalyError COLUMN naming all that the model needs and the file has not; the service is told the first. */
export function requireModelColumns(table: Pick<GivenTable, "rows" | "caller">, model: AnomalyModel): void {
  const { rows, caller } = table;
  const needed = model.columns.map(({ name }) => name);
  if (caller === "service") return requireColumns(table, needed, "columns");
  const known = rows.columns.filter((column) => column.kind !== undefined).map((column) => column.name);
  const missing = needed.filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  const quoted = missing.slice(0, listedNameCount).map((name) => `"${name}"`);
  const names = [...quoted, ...(missing.length > listedNameCount ? ["..."] : [])].join(", ");
  const message = `${rows.name} has no column ${names}, which the model was fitted on; ${columnHint(missing[0], known)}`;
  throw new NomalyError("COLUMN", message, { field: missing[0] });
}
