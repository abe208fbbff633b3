/** Reads the rows at given indexes of a table, and no row after the last of them. */

import { type Column, NomalyError, type Table } from "@nomaly/detect";
import type { RowStream } from "../files/read/row-stream.ts";
import { type KeptRow, tableOfRows } from "./findings.ts";

/** Keeps the order of `places`, which count from 0. @throws NomalyError SHAPE for a row that the table lacks. */
export async function rowsAt(rows: RowStream, names: readonly string[], places: readonly number[]): Promise<Table> {
  const found = new Map<number, KeptRow>();
  const wantedCount = new Set(places).size;
  let columns: readonly Column[] = [];
  let rowCount = 0;
  for await (const batch of rows.batches(names)) {
    columns = batch.columns;
    rowCount = batch.firstRow + batch.rowCount;
    for (const place of places) {
      if (place < batch.firstRow || place >= rowCount) continue;
      found.set(place, { row: place, cells: columns.map((column) => column.values[place - batch.firstRow]) });
    }
    if (found.size === wantedCount) break;
  }
  const kept = places.map((place) => {
    const row = found.get(place);
    if (row !== undefined) return row;
    throw new NomalyError("SHAPE", `${rows.name} has no row ${place + 1}; it has ${rowCount}`, { field: "rows" });
  });
  return tableOfRows(columns, kept);
}
