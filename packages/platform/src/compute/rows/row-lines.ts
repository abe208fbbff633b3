/** Rows of a request, checked before, as JSON: one object a line. */

import { NomalyError } from "@nomaly/detect";

/** In the order of the rows. @throws NomalyError NOT_FINITE for what JSON cannot say. */
export function* rowLines(data: unknown, columns: readonly string[] | undefined): Generator<string> {
  if (!Array.isArray(data)) {
    const table = data as Readonly<Record<string, readonly unknown[]>>;
    const names = Object.keys(table);
    const rowCount = table[names[0]]?.length ?? 0;
    for (let row = 0; row < rowCount; row++) yield line(names, row, (column) => table[names[column]][row]);
    return;
  }
  for (const [index, row] of (data as readonly unknown[]).entries()) {
    if (Array.isArray(row)) {
      const names = columns ?? row.map((_, column) => `column_${column}`);
      yield line(names, index, (column) => row[column] as unknown);
    } else {
      const cells = row as Readonly<Record<string, unknown>>;
      const names = Object.keys(cells);
      yield line(names, index, (column) => cells[names[column]]);
    }
  }
}

function line(names: readonly string[], rowIndex: number, cellAt: (column: number) => unknown): string {
  const members = names.map((name, column) => {
    const cell = cellAt(column) ?? null;
    // A number such as 1e400 reads as infinity, which JSON cannot say again: it must not become a missing value.
    if (typeof cell === "number" && !Number.isFinite(cell)) throw notFinite(name, rowIndex);
    return `${JSON.stringify(name)}:${JSON.stringify(cell)}`;
  });
  return `{${members.join(",")}}\n`;
}

function notFinite(name: string, rowIndex: number): NomalyError {
  const message = `column "${name}" of row ${rowIndex} holds a number beyond the range of float64`;
  return new NomalyError("NOT_FINITE", message, { field: name, rowIndex });
}
