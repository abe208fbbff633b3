/** Converts a Parquet file that nomaly wrote to CSV, NDJSON or an Arrow IPC file. */

import { copySql, type Output, selectSql } from "./duckdb/copy-rows.ts";
import { type DatabaseOptions, openDuckDb } from "./duckdb/database.ts";
import { parquetRelation } from "./duckdb/plain-relations.ts";
import { readError } from "./duckdb/read-error.ts";
import { columnSql } from "./duckdb/relation.ts";
import { safeColumns } from "./duckdb/spreadsheet-safe.ts";

export interface Conversion extends DatabaseOptions {
  readonly fromPath: string;
  readonly toPath: string;
  readonly format: "csv" | "ndjson" | "arrow";
  /** CSV only: quotes texts that a spreadsheet would run as formulas. */
  readonly isSpreadsheetSafe: boolean;
}

/** @throws NomalyError FILE_FORMAT, FILE_READ, TOO_LARGE, ABORTED. */
export async function convertParquet(conversion: Conversion): Promise<void> {
  const { fromPath, toPath, format, isSpreadsheetSafe, signal } = conversion;
  const database = await openDuckDb(conversion);
  try {
    const relation = await parquetRelation(database, fromPath);
    const columns = relation.columns.map((column) => ({ name: column.name, sql: columnSql(column), type: column.type }));
    const output: Output = { columns: isSpreadsheetSafe ? safeColumns(columns) : columns, from: relation.sql };
    if (format !== "arrow") await database.run(copySql(output, toPath, { format, gzip: false }));
    else {
      const { writeArrow } = await import("./duckdb/arrow/arrow-write.ts");
      await writeArrow(database, { select: selectSql(output), names: output.columns.map(({ name }) => name) }, toPath);
    }
  } catch (error) {
    throw readError(error, "the result", signal);
  } finally {
    database.close();
  }
}
