/** Some rows of a file as JSON, within bytes: long texts are cut, and a page may have fewer rows than were asked for. */

import { JsonDuckDBValueConverter } from "@duckdb/node-api";
import { sqlName } from "./database.ts";
import { kindOfType, type RelationColumn } from "./relation.ts";
import type { Source } from "./source.ts";

/** Letters of a text that are shown. */
export const cellLengthMax = 1000;
/** Of one page; the first row is always there. */
export const pageBytesMax = 4 * 1024 ** 2;

export interface PageOfFile {
  readonly offset: number;
  readonly limit: number;
}

export interface FilePage {
  /** A JSON array of objects. */
  readonly json: Uint8Array;
  readonly rowCount: number;
  /** Texts that were cut because they are longer than is shown. */
  readonly cutCount: number;
}

export async function pageOf({ database, relation }: Source, { offset, limit }: PageOfFile): Promise<FilePage> {
  const { columns } = relation;
  const shown = columns.map((column, index) => `${shownExpression(column)} AS c${index}`);
  // How many texts of a row are longer than what is shown of them.
  const cut = columns.filter(isCuttable).map((column) => `CASE WHEN ${lengthOf(column)} > ${cellLengthMax} THEN 1 ELSE 0 END`);
  const sql = `SELECT ${[...shown, `${cut.length === 0 ? "0" : cut.join(" + ")} AS cut`].join(", ")} FROM ${relation.sql} LIMIT ${limit} OFFSET ${offset}`;
  const result = await database.stream(sql);
  const lines: string[] = [];
  let [sizeBytes, cutCount] = [0, 0];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (let row = 0; row < chunk.rowCount; row++) {
      const cells = chunk.convertRowValues(row, JsonDuckDBValueConverter);
      const line = JSON.stringify(Object.fromEntries(columns.map(({ name }, index) => [name, cells[index] ?? null])));
      sizeBytes += Buffer.byteLength(line) + 1;
      if (sizeBytes > pageBytesMax && lines.length > 0) return pageFrom(lines, cutCount);
      lines.push(line);
      cutCount += Number(cells[columns.length]);
    }
  }
  return pageFrom(lines, cutCount);
}

function pageFrom(lines: readonly string[], cutCount: number): FilePage {
  return { json: Buffer.from(`[${lines.join(",")}]`), rowCount: lines.length, cutCount };
}

/** Texts are cut; a list, structure or blob whose text would be longer is left out. */
function shownExpression(column: RelationColumn): string {
  const name = sqlName(column.name);
  if (!isCuttable(column)) return name;
  if (column.type === "VARCHAR") return `left(${name}, ${cellLengthMax})`;
  return `CASE WHEN ${lengthOf(column)} <= ${cellLengthMax} THEN ${name} END`;
}

function isCuttable({ type }: RelationColumn): boolean {
  const kind = kindOfType(type);
  return kind === "text" || kind === undefined;
}

function lengthOf({ name }: RelationColumn): string {
  return `coalesce(strlen(CAST(${sqlName(name)} AS VARCHAR)), 0)`;
}
