/** Reads a page of a file's rows as JSON of bounded size: long texts are cut, and a page may have fewer rows than were requested. */

import { JsonDuckDBValueConverter } from "@duckdb/node-api";
import { exactNumbers } from "./json-cells.ts";
import { columnSql, kindOfType, type RelationColumn } from "./relation.ts";
import type { FilePage, PageOfFile } from "../read/shown-file.ts";
import type { Source } from "./source.ts";

/** Letters shown of a text. */
export const cellLengthMax = 1000;
/** Limit of a page, which has at least one row. */
export const pageBytesMax = 4 * 1024 ** 2;

/**
 * Rows are objects with the file's own names as keys. A value that float64 holds exactly is a number; a whole number beyond 2^53 is a text
 * with all its digits.
 */
export async function pageOf(
  { database, relation }: Pick<Source, "database" | "relation">,
  { offset, limit }: PageOfFile,
): Promise<FilePage> {
  const { columns } = relation;
  const shown = columns.map((column, index) => `${shownExpression(column)} AS c${index}`);
  // Number of the row's texts that are cut.
  const cut = columns.filter(isCuttable).map((column) => `CASE WHEN ${lengthOf(column)} > ${cellLengthMax} THEN 1 ELSE 0 END`);
  const selected = [...shown, `${cut.length === 0 ? "0" : cut.join(" + ")} AS cut`].join(", ");
  const select = `SELECT ${selected} FROM ${relation.sql} LIMIT ${limit} OFFSET ${offset}`;
  const rows: unknown[][] = [];
  let sizeBytes = 0;
  read: for await (const { chunk, rowCount } of database.stream(select, columns.length + 1)) {
    for (let row = 0; row < rowCount; row++) {
      const cells: unknown[] = chunk.convertRowValues(row, exactNumbers(JsonDuckDBValueConverter));
      sizeBytes += Buffer.byteLength(JSON.stringify(cells));
      if (sizeBytes > pageBytesMax && rows.length > 0) break read;
      rows.push(cells);
    }
  }
  await restoreDigits({ database, relation }, rows, offset);
  const lines = rows.map((cells) =>
    JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, cells[index] ?? null]))),
  );
  const cutCount = rows.reduce((sum, cells) => sum + Number(cells[columns.length]), 0);
  return { json: Buffer.from(`[${lines.join(",")}]`), rowCount: rows.length, cutCount };
}

const wholeNumber = /^[+-]?\d+$/;

/** True for a number beyond 2^53: CSV is read as float64, which may have rounded it. */
function isRounded(cell: unknown): boolean {
  return typeof cell === "number" && Math.abs(cell) > Number.MAX_SAFE_INTEGER;
}

/** Replaces rounded whole numbers by the texts in the CSV file. */
async function restoreDigits(
  { database, relation }: Pick<Source, "database" | "relation">,
  rows: readonly unknown[][],
  offset: number,
): Promise<void> {
  const { originalSql, columns } = relation;
  const rounded = columns.flatMap((column, index) => (rows.some((cells) => isRounded(cells[index])) ? [{ column, index }] : []));
  if (originalSql === undefined || rounded.length === 0) return;
  const names = rounded.map(({ column }) => columnSql(column)).join(", ");
  const texts = await database.cells(`SELECT ${names} FROM ${originalSql} LIMIT ${rows.length} OFFSET ${offset}`);
  for (const [row, cells] of rows.entries()) {
    for (const [place, { index }] of rounded.entries()) {
      const text = String(texts[row][place]).trim();
      if (isRounded(cells[index]) && wholeNumber.test(text)) cells[index] = text;
    }
  }
}

/** Cuts long texts, and leaves out lists, structures and blobs whose text would be too long. */
function shownExpression(column: RelationColumn): string {
  const name = columnSql(column);
  if (!isCuttable(column)) return name;
  if (column.type === "VARCHAR") return `left(${name}, ${cellLengthMax})`;
  return `CASE WHEN ${lengthOf(column)} <= ${cellLengthMax} THEN ${name} END`;
}

function isCuttable({ type }: RelationColumn): boolean {
  const kind = kindOfType(type);
  return kind === "text" || kind === undefined;
}

function lengthOf(column: RelationColumn): string {
  return `coalesce(strlen(CAST(${columnSql(column)} AS VARCHAR)), 0)`;
}
