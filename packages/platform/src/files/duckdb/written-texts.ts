/**
 * Numbers and dates as people write them in columns of texts of JSON, Parquet and Arrow: read as those of CSV where the texts of a column
 * tell how. Where they do not, the column stays as it is, since its format says that it holds texts, and a note names it.
 */

import type { CsvOptions } from "../read/csv/csv-dialect.ts";
import { decimalMarkOf } from "../read/csv/written-options.ts";
import type { Database } from "./database.ts";
import { columnSql, type Relation } from "./relation.ts";
import { shapeLengthMax } from "../read/csv/number-shapes.ts";
import { writtenColumns, writtenSql, writtenType } from "./written-columns.ts";

/** Rows whose texts show which columns to examine. */
const exampleRowCount = 200;

/** @param name of the file in notes. */
export async function withWrittenTexts(
  database: Database,
  relation: Relation,
  { name, options }: { readonly name: string; readonly options: CsvOptions },
): Promise<Relation> {
  const { knownWritings: known = [] } = options;
  const kept = new Set(known.filter(({ writing }) => writing === "text").map((column) => column.name));
  const columns = relation.columns.filter((column) => column.type === "VARCHAR" && !kept.has(column.name));
  if (columns.length === 0) return relation;
  // One letter more than a number or date can have.
  const texts = columns.map((column, index) => `left(${columnSql(column)}, ${shapeLengthMax + 1}) AS c${index}`);
  const rows = await database.rows(`SELECT ${texts.join(", ")} FROM ${relation.sql} LIMIT ${exampleRowCount}`);
  const examined = columns.map((column, index) => ({ column, examples: examplesOf(rows.map((row) => row[`c${index}`])) }));
  // Commas may part the numbers of a list, as in a file that is cut at them.
  const table = { name, sql: relation.sql, delimiter: "," };
  const settings = { decimal: decimalMarkOf(options), dateOrder: options.dateOrder, known };
  const written = await writtenColumns(database, table, examined, settings);
  const { doubts } = written;
  const writings = new Map([...written.writings].filter(([column]) => !doubts.has(column)));
  // A model refuses by itself a text of its columns that it cannot read.
  const open = [...doubts].filter(([column]) => !known.some((one) => one.name === column));
  const notes = [...written.notes, ...open.map(([column, { received }]) => doubtNote(column, received))];
  if (writings.size === 0) return { ...relation, notes };
  return {
    ...relation,
    sql: writtenSql(() => relation.sql, relation.columns, { writings }),
    columns: relation.columns.map((column) => ({ ...column, type: writtenType(column, { writings }) })),
    writings,
    notes,
    // An output has the texts themselves.
    typedSql: async (whole, dates) => (await relation.typedSql?.(whole, dates)) ?? relation.sql,
  };
}

function examplesOf(cells: readonly unknown[]): string[] {
  return cells.filter((cell): cell is string => typeof cell === "string" && cell.trim() !== "");
}

function doubtNote(column: string, received: string | undefined): string {
  return `column ${column} stays text: "${received ?? ""}" leaves open how its numbers or dates are written`;
}
