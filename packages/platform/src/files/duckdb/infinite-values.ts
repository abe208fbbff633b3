/** Takes infinite numbers for missing values while columns are read, and counts them. */

import type { Batch, InfiniteValues } from "../read/row-stream.ts";

export interface InfiniteAsMissing {
  /** Of the columns read, by name; columns without infinite numbers are left out. */
  readonly found: ReadonlyMap<string, InfiniteValues>;
  /** A pass over these columns begins at the first row. */
  begin(names: readonly string[]): void;
  /** Replaces the infinite numbers of the batch by NaN. */
  take(batch: Batch): void;
}

export function infiniteAsMissing(): InfiniteAsMissing {
  const found = new Map<string, InfiniteValues>();
  return {
    found,
    begin(names) {
      for (const name of names) found.delete(name);
    },
    take({ columns, firstRow }) {
      for (const column of columns) {
        if (column.kind !== "number") continue;
        const taken = takeFrom(column.values);
        if (taken.count === 0) continue;
        const before = found.get(column.name) ?? { count: 0, rowIndex: firstRow + taken.rowIndex };
        found.set(column.name, { ...before, count: before.count + taken.count });
      }
    },
  };
}

function takeFrom(values: Float64Array): InfiniteValues {
  let count = 0;
  let rowIndex = -1;
  for (let row = 0; row < values.length; row++) {
    if (Math.abs(values[row]) !== Number.POSITIVE_INFINITY) continue;
    if (count === 0) rowIndex = row;
    count++;
    values[row] = Number.NaN;
  }
  return { count, rowIndex };
}
