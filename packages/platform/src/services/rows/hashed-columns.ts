/** Turns the rows of a request into columns for hashing: equal tables give equal columns, however the request wrote them. */

import type { HashedColumn } from "../../cache/keys.ts";
import { type CellColumn, columnsOf, type RowsGiven } from "../../compute/rows/rows-given.ts";

export function hashedColumns({ rows, rowCount }: RowsGiven): readonly HashedColumn[] {
  if (rows.kind !== "numbers") return columnsOf(rows).map((column) => textColumn(column, rowCount));
  const { values, columnCount, columnNames = null } = rows;
  // One column for the whole table: its name holds the width and the column names.
  return [{ kind: "number", name: JSON.stringify([columnCount, columnNames]), values }];
}

/** Cells are written as JSON, so that the text "1" and the number 1 differ. */
function textColumn({ name, cellAt }: CellColumn, rowCount: number): HashedColumn {
  const values = Array.from({ length: rowCount }, (_, row) => {
    const cell = cellAt(row);
    return cell === null ? null : JSON.stringify(cell);
  });
  return { kind: "text", name, values };
}
