/** Some rows of a request, in any of the forms that rows of a request can have. */

import type { RowsGiven } from "./rows-given.ts";

export function chosenRows({ rows, columnCount, ...given }: RowsGiven, indexes: readonly number[]): RowsGiven {
  const rowCount = indexes.length;
  const chosen = { ...given, columnCount, rowCount };
  if (Array.isArray(rows)) return { ...chosen, rows: indexes.map((row) => rows[row] as never) };
  if ("values" in rows && rows.values instanceof Float64Array) {
    const table = rows as { readonly values: Float64Array; readonly columnCount: number };
    const values = new Float64Array(rowCount * columnCount);
    for (const [place, row] of indexes.entries()) {
      values.set(table.values.subarray(row * columnCount, (row + 1) * columnCount), place * columnCount);
    }
    return { ...chosen, rows: { ...table, values } };
  }
  const columns = Object.entries(rows as Readonly<Record<string, readonly unknown[]>>);
  return {
    ...chosen,
    rows: Object.fromEntries(columns.map(([name, cells]) => [name, indexes.map((row) => cells[row] as never)])),
  };
}
