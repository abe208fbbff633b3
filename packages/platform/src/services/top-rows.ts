/** Which rows score highest, and the table of just those. */

import type { Column } from "@nomaly/detect";
import type { RowsGiven } from "../compute/rows-given.ts";
import type { Source } from "../files/source.ts";

/** Indexes of the `count` highest scores, highest first, equals in the order of the rows. */
export function topIndexes(scores: Float64Array, count: number): readonly number[] {
  // Numbers sort many times faster than indexes by their scores, and rows may be millions.
  const lowest = scores.slice().sort()[Math.max(0, scores.length - count)];
  const above: number[] = [];
  const equal: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (scores[row] > lowest) above.push(row);
    else if (scores[row] === lowest && equal.length < count) equal.push(row);
  }
  const order = [...above, ...equal.slice(0, count - above.length)];
  return order.sort((a, b) => scores[b] - scores[a] || a - b);
}

/** Rows of a file by their indexes, in the order of these. */
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
  const rowCount = indexes.length;
  return {
    kind: "rows",
    rows: { rowCount, columns },
    rowCount,
    columnCount: columns.length,
    sizeBytes: rowCount * columns.length * Float64Array.BYTES_PER_ELEMENT,
  };
}

function columnLike({ kind, name }: Column, values: readonly (number | string | null)[]): Column {
  if (kind === "text") return { kind, name, values: values as readonly (string | null)[] };
  return { kind, name, values: Float64Array.from(values as readonly number[]) };
}
