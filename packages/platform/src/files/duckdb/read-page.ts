/** Some rows of a file as JSON, within bytes: long texts are cut, and a page may have fewer rows than were asked for. */

import { JsonDuckDBValueConverter } from "@duckdb/node-api";
import { exactNumbers } from "./json-cells.ts";
import { columnSql, kindOfType, type RelationColumn } from "./relation.ts";
import type { FilePage, PageOfFile } from "../read/shown-file.ts";
import type { Source } from "./source.ts";

/** Letters of a text that are shown. */
export const cellLengthMax = 1000;
/** Of one page; the first row is always there. */
export const pageBytesMax = 4 * 1024 ** 2;

/**
 * Rows as objects by the file's own names. A number that a float64 holds exactly is a number; a whole number beyond 2^53 is a text with all
 * its digits.
 */
export async function pageOf(
  { database, relation }: Pick<Source, "database" | "relation">,
  { offset, limit }: PageOfFile,
): Promise<FilePage> {
  const { columns } = relation;
  const shown = columns.map((column, index) => `${shownExpression(column)} AS c${index}`);
  // How many texts of a row are longer than what is shown of them.
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

/** CSV is read as float64, which may have rounded this. */
function isRounded(cell: unknown): boolean {
  return typeof cell === "number" && Math.abs(cell) > Number.MAX_SAFE_INTEGER;
}

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

/** Texts are cut; a list, structure or blob whose text would be longer is left out. */
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
