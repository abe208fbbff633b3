/** The rows of a request as columns that can be written, in every form that such rows can have. */

import type { ColumnToWrite, WrittenCell } from "../../files/write-rows.ts";
import type { RowsGiven } from "../rows/rows-given.ts";

type Cells = readonly WrittenCell[];

/** A name that not all objects have is missing in the others. */
export function columnsToWrite({ rows }: RowsGiven): readonly ColumnToWrite[] {
  if (Array.isArray(rows)) {
    const objects = rows as readonly Readonly<Record<string, WrittenCell>>[];
    const names = new Set(objects.flatMap((cells) => Object.keys(cells)));
    return [...names].map((name) => ({
      name,
      cellAt: (row) => (Object.hasOwn(objects[row], name) ? objects[row][name] : null),
    }));
  }
  if ("values" in rows && rows.values instanceof Float64Array) {
    const { values, columnCount, columnNames } = rows as {
      readonly values: Float64Array;
      readonly columnCount: number;
      readonly columnNames?: readonly string[];
    };
    return Array.from({ length: columnCount }, (_, column) => ({
      name: columnNames?.[column] ?? `column_${column}`,
      cellAt: (row) => {
        const value = values[row * columnCount + column];
        return Number.isNaN(value) ? null : value;
      },
    }));
  }
  const columns = Object.entries(rows as Readonly<Record<string, Cells>>);
  return columns.map(([name, cells]) => ({ name, cellAt: (row) => cells[row] }));
}
