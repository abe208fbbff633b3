/** Counts the missing values of each column of a table, batch by batch. */

import type { Column, Table } from "@nomaly/detect";

export interface MissingCounts {
  add(batch: Table): void;
  /** Missing values by column; columns without any are left out. */
  counts(): ReadonlyMap<string, number>;
}

export function createMissingCounts(): MissingCounts {
  const counts = new Map<string, number>();
  return {
    add({ columns }) {
      for (const column of columns) {
        const count = missingCountOf(column);
        if (count > 0) counts.set(column.name, (counts.get(column.name) ?? 0) + count);
      }
    },
    counts: () => counts,
  };
}

/** Blank texts count as missing, as they do for detectors. */
function missingCountOf(column: Column): number {
  let count = 0;
  if (column.kind === "text") {
    for (const value of column.values) if (value === null || value.trim() === "") count++;
    return count;
  }
  const { values } = column;
  for (let row = 0; row < values.length; row++) if (Number.isNaN(values[row])) count++;
  return count;
}
