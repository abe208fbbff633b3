/** Writes checked rows of a request as JSON, one object a line. */

import { NomalyError, rowAtFault } from "@nomaly/detect";
import { type Cell, columnsOf, type RowsGiven } from "./rows-given.ts";

/** Keeps the order of rows, and the keys of each object. @throws NomalyError NOT_FINITE for infinity, which JSON has not. */
export function* rowLines({ rows, rowCount }: RowsGiven): Generator<string> {
  if (rows.kind === "records") {
    for (const [row, record] of rows.records.entries()) yield line(row, Object.entries(record));
    return;
  }
  const columns = columnsOf(rows);
  for (let row = 0; row < rowCount; row++) {
    yield line(
      row,
      columns.map(({ name, cellAt }) => [name, cellAt(row)]),
    );
  }
}

function line(rowIndex: number, cells: readonly (readonly [name: string, cell: Cell])[]): string {
  const members = cells.map(([name, cell]) => {
    // A number such as 1e400 parses to infinity, which JSON.stringify would write as null, a missing value.
    if (typeof cell === "number" && !Number.isFinite(cell)) throw notFinite(name, rowIndex);
    return `${JSON.stringify(name)}:${JSON.stringify(cell)}`;
  });
  return `{${members.join(",")}}\n`;
}

function notFinite(name: string, rowIndex: number): NomalyError {
  const message = [`column "${name}" of `, rowAtFault, " holds a number beyond the range of float64"];
  return new NomalyError("NOT_FINITE", message, { field: name, rowIndex });
}
