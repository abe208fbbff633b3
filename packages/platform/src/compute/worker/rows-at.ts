/** Rows of a file by their places. */

import type { Column } from "@nomaly/detect";
import type { Source } from "../../files/read/source.ts";
import { type RowsGiven, tableGiven } from "../rows/rows-given.ts";

/** In the order of the places. */
export async function rowsAt(source: Source, names: readonly string[], indexes: readonly number[]): Promise<RowsGiven> {
  const cells = new Map<string, { readonly like: Column; readonly values: (number | string | null)[] }>();
  for await (const batch of source.batches(names)) {
    for (const column of batch.columns) {
      const target = cells.get(column.name) ?? { like: column, values: [] };
      cells.set(column.name, target);
      for (const [place, row] of indexes.entries()) {
        const at = row - batch.firstRow;
        if (at >= 0 && at < batch.rowCount) target.values[place] = column.values[at];
      }
    }
  }
  const columns = [...cells.values()].map(({ like, values }) => columnLike(like, values));
  return tableGiven(columns, indexes.length, indexes.length * columns.length * Float64Array.BYTES_PER_ELEMENT);
}

function columnLike({ kind, name }: Column, values: readonly (number | string | null)[]): Column {
  if (kind === "text") return { kind, name, values: values as readonly (string | null)[] };
  return { kind, name, values: Float64Array.from(values as readonly number[]) };
}
