/** Writes the rows of a result, a Parquet file that nomaly wrote, or some of them, as CSV, NDJSON, Parquet or an Arrow IPC file. */

import { copySql, type Output, selectSql } from "./duckdb/copy-rows.ts";
import { type DatabaseOptions, openDuckDb, sqlName } from "./duckdb/database.ts";
import { commaDialect, inDialect } from "./duckdb/output/output-dialect.ts";
import { parquetRelation } from "./duckdb/plain-relations.ts";
import { readError, sortError } from "./duckdb/read-error.ts";
import { columnSql, type Relation } from "./duckdb/relation.ts";
import { sampledSql, selectionSql } from "./duckdb/output/selection-sql.ts";
import { safeColumns } from "./duckdb/output/spreadsheet-safe.ts";
import { caselessNames } from "./read/column-names.ts";
import type { RowSelection } from "./write/row-sink.ts";
import { judgedColumns } from "./write/score-columns.ts";

export interface Conversion extends DatabaseOptions {
  readonly fromPath: string;
  readonly toPath: string;
  readonly format: "csv" | "ndjson" | "parquet" | "arrow";
  /** CSV only: quotes texts that a spreadsheet would run as formulas. */
  readonly isSpreadsheetSafe: boolean;
  /** CSV only: numbers with a decimal comma, cut at semicolons. */
  readonly hasDecimalCommas: boolean;
  /** Default: all rows, in their order. */
  readonly selection?: RowSelection | undefined;
}

/** @throws NomalyError FILE_FORMAT, FILE_READ, TOO_LARGE, ABORTED. */
export async function convertParquet(conversion: Conversion): Promise<void> {
  const { fromPath, toPath, format, isSpreadsheetSafe, hasDecimalCommas, selection, signal } = conversion;
  const database = await openDuckDb(conversion);
  try {
    const relation = await parquetRelation(database, fromPath);
    const dialect = hasDecimalCommas ? commaDialect : undefined;
    const typed = relation.columns.map((column) => ({ name: column.name, sql: columnSql(column), type: column.type }));
    const columns = dialect === undefined ? typed : inDialect(typed, dialect);
    const from = selectedSql(relation, selection);
    const output: Output = { columns: isSpreadsheetSafe ? safeColumns(columns) : columns, from };
    if (format !== "arrow") await database.run(copySql(output, toPath, { format, gzip: false, delimiter: dialect?.delimiter }));
    else {
      const { writeArrow } = await import("./duckdb/arrow/arrow-write.ts");
      await writeArrow(database, { select: selectSql(output), names: output.columns.map(({ name }) => name) }, toPath);
    }
  } catch (error) {
    const known = readError(error, "the result", signal);
    throw selection?.byScore === true ? sortError(known, selection) : known;
  } finally {
    database.close();
  }
}

/** The SQL after FROM. */
function selectedSql({ sql, columns }: Relation, selection: RowSelection | undefined): string {
  if (selection === undefined) return sql;
  const { score, isAnomaly } = judgedColumns(columns.map(columnSql));
  // A name that no column has.
  const aliases = columns.map(({ name, alias = name }) => alias);
  const row = sqlName(caselessNames([...aliases, "row"])[aliases.length]);
  const by = { score, isAnomaly, row };
  const needsPlaces = selection.byScore || selection.sampleCount !== undefined;
  const rows = needsPlaces ? `(SELECT *, row_number() OVER () AS ${row} FROM ${sql})` : sql;
  return sampledSql(rows, selection, by) + selectionSql(selection, by);
}
