/** The rows of a file as JSON objects, of which the bodies of requests are put together. */

import { type Column, NomalyError, type Table } from "@nomaly/detect";

/** Of the texts together. */
export const rowTextLengthMax = 256 * 1024 ** 2;

/**
 * Reads all rows. Letters beyond ASCII are written as escapes, so that a text has as many bytes as letters.
 * @throws NomalyError TOO_LARGE beyond {@link rowTextLengthMax}, TOO_FEW_ROWS without rows.
 */
export async function readRowTexts(name: string, tables: AsyncIterable<Table>): Promise<string[]> {
  const texts: string[] = [];
  let length = 0;
  for await (const table of tables) {
    const keys = table.columns.map((column) => asciiJson(column.name));
    for (let row = 0; row < table.rowCount; row++) {
      const text = `{${table.columns.map((column, index) => `${keys[index]}:${asciiJson(cellOf(column, row))}`).join(",")}}`;
      length += text.length;
      if (length > rowTextLengthMax) throw tooLarge(name, texts.length);
      texts.push(text);
    }
  }
  if (texts.length === 0)
    throw new NomalyError("TOO_FEW_ROWS", `${name} has no rows to send`, { field: "data", received: "0 rows" });
  return texts;
}

/** As the service reads it: null is missing, dates are in ISO form. */
function cellOf(column: Column, row: number): string | number | boolean | null {
  const value = column.values[row];
  if (value === null || typeof value === "string") return value;
  if (Number.isNaN(value)) return null;
  if (column.kind === "boolean") return value === 1;
  return column.kind === "date" ? new Date(value).toISOString() : value;
}

/** JSON with escapes for letters beyond ASCII. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function tooLarge(name: string, rowCount: number): NomalyError {
  const message = `${name} has more rows than a load test keeps in memory (${rowTextLengthMax} bytes as JSON, reached at row ${rowCount + 1}): give a part of it, or fewer columns (--columns)`;
  return new NomalyError("TOO_LARGE", message, { field: "data", expected: `at most ${rowTextLengthMax} bytes as JSON` });
}
