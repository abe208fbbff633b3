/** The rows of a request by column, in the form the cache hashes: equal tables give equal columns, however they were written. */

import type { HashedColumn } from "../../cache/keys.ts";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";

export function hashedColumns({ rows, rowCount }: RowsGiven): readonly HashedColumn[] {
  if ("values" in rows && rows.values instanceof Float64Array) {
    const { values, columnCount } = rows as { values: Float64Array; columnCount: number; columnNames?: readonly string[] };
    const names = (rows as { columnNames?: readonly string[] }).columnNames;
    // One block for the whole table: names and width beside it say where each value stands.
    return [{ kind: "number", name: JSON.stringify([columnCount, names ?? null]), values }];
  }
  if (Array.isArray(rows)) return columnsOfObjects(rows as readonly Readonly<Record<string, unknown>>[]);
  return Object.entries(rows as Readonly<Record<string, readonly unknown[]>>).map(([name, cells]) =>
    textColumn(name, rowCount, (row) => cells[row]),
  );
}

function columnsOfObjects(rows: readonly Readonly<Record<string, unknown>>[]): readonly HashedColumn[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names].map((name) =>
    textColumn(name, rows.length, (row) => (Object.hasOwn(rows[row], name) ? rows[row][name] : null)),
  );
}

/** As JSON, so that the text "1" and the number 1 differ. */
function textColumn(name: string, rowCount: number, cellAt: (row: number) => unknown): HashedColumn {
  const values = Array.from({ length: rowCount }, (_, row) => {
    const cell = cellAt(row);
    return cell === null || cell === undefined ? null : JSON.stringify(cell);
  });
  return { kind: "text", name, values };
}
