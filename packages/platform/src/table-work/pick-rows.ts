/** Makes a table of the chosen rows of a table. */

import type { Table } from "@nomaly/detect";

export function pickRows(table: Table, rows: readonly number[]): Table {
  const columns = table.columns.map((column) =>
    column.kind === "text"
      ? { ...column, values: rows.map((row) => column.values[row]) }
      : { ...column, values: Float64Array.from(rows, (row) => column.values[row]) },
  );
  return { rowCount: rows.length, columns };
}
