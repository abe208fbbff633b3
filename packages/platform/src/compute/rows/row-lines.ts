/** Rows of a request, checked before, as JSON: one object a line. */

import { NomalyError, rowAtFault } from "@nomaly/detect";
import type { SentRows } from "./parse-rows.ts";
import type { Cell } from "./rows-given.ts";

/** In the order of the rows. @throws NomalyError NOT_FINITE for what JSON cannot say. */
export function* rowLines(rows: SentRows): Generator<string> {
  switch (rows.kind) {
    case "arrays": {
      const names = rows.columnNames ?? rows.arrays[0].map((_, column) => `column_${column}`);
      for (const [row, cells] of rows.arrays.entries()) yield line(names, row, (column) => cells[column]);
      return;
    }
    case "records":
      for (const [row, cells] of rows.records.entries()) {
        const names = Object.keys(cells);
        yield line(names, row, (column) => cells[names[column]]);
      }
      return;
    case "columns": {
      const names = Object.keys(rows.columns);
      const lists = Object.values(rows.columns);
      for (let row = 0; row < lists[0].length; row++) yield line(names, row, (column) => lists[column][row]);
    }
  }
}

function line(names: readonly string[], rowIndex: number, cellAt: (column: number) => Cell): string {
  const members = names.map((name, column) => {
    const cell = cellAt(column);
    // A number such as 1e400 reads as infinity, which JSON cannot say again: it must not become a missing value.
    if (typeof cell === "number" && !Number.isFinite(cell)) throw notFinite(name, rowIndex);
    return `${JSON.stringify(name)}:${JSON.stringify(cell)}`;
  });
  return `{${members.join(",")}}\n`;
}

function notFinite(name: string, rowIndex: number): NomalyError {
  const message = [`column "${name}" of `, rowAtFault, " holds a number beyond the range of float64"];
  return new NomalyError("NOT_FINITE", message, { field: name, rowIndex });
}
