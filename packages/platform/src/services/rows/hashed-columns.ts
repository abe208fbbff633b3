/** The rows of a request by column, in the form the cache hashes: equal tables give equal columns, however they were written. */

import type { HashedColumn } from "../../cache/keys.ts";
import { type CellColumn, columnsOf, type RowsGiven } from "../../compute/rows/rows-given.ts";

export function hashedColumns({ rows, rowCount }: RowsGiven): readonly HashedColumn[] {
  if (rows.kind !== "numbers") return columnsOf(rows).map((column) => textColumn(column, rowCount));
  const { values, columnCount, columnNames = null } = rows;
  // One block for the whole table: names and width beside it say where each value stands.
  return [{ kind: "number", name: JSON.stringify([columnCount, columnNames]), values }];
}

/** As JSON, so that the text "1" and the number 1 differ. */
function textColumn({ name, cellAt }: CellColumn, rowCount: number): HashedColumn {
  const values = Array.from({ length: rowCount }, (_, row) => {
    const cell = cellAt(row);
    return cell === null ? null : JSON.stringify(cell);
  });
  return { kind: "text", name, values };
}
