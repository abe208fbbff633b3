/** Some rows of a table, as JSON has them. */

import { columnSql } from "./relation.ts";
import type { Source } from "./source.ts";

export interface Window {
  readonly offset: number;
  readonly limit: number;
}

/**
 * Rows as objects by the file's own names. A number that a float64 holds exactly is a number; a whole number beyond 2^53 is a text with all
 * its digits.
 */
export async function readWindow(
  { database, relation }: Pick<Source, "database" | "relation">,
  { offset, limit }: Window,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { columns } = relation;
  const select = (from: string) => `SELECT ${columns.map(columnSql).join(", ")} FROM ${from} LIMIT ${limit} OFFSET ${offset}`;
  const rows = await database.cells(select(relation.sql));
  const { originalSql } = relation;
  if (originalSql !== undefined && rows.some((cells) => cells.some(isRounded))) {
    const texts = await database.cells(select(originalSql));
    for (const [row, cells] of rows.entries()) restoreDigits(cells, texts[row]);
  }
  return rows.map((cells) => Object.fromEntries(columns.map(({ name }, index) => [name, cells[index]])));
}

const wholeNumber = /^[+-]?\d+$/;

/** CSV is read as float64, which may have rounded this. */
function isRounded(cell: unknown): boolean {
  return typeof cell === "number" && Math.abs(cell) > Number.MAX_SAFE_INTEGER;
}

function restoreDigits(cells: unknown[], texts: readonly unknown[]): void {
  for (const [index, cell] of cells.entries()) {
    const text = String(texts[index]).trim();
    if (isRounded(cell) && wholeNumber.test(text)) cells[index] = text;
  }
}
