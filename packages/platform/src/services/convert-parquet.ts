/** A Parquet file as CSV or as an Arrow stream. */

import { copySql, type Output, selectSql } from "../files/copy-rows.ts";
import { openDatabase } from "../files/database.ts";
import { parquetRelation } from "../files/plain-relations.ts";
import { columnSql } from "../files/relation.ts";
import { safeColumns } from "../files/spreadsheet-safe.ts";
import { createTemporaryFiles } from "../files/temporary.ts";

export const resultFormats = ["csv", "parquet", "arrow"] as const;
export type ResultFormat = (typeof resultFormats)[number];

export interface Conversion {
  readonly from: string;
  readonly to: string;
  readonly format: "csv" | "arrow";
  /** Of CSV: texts that a spreadsheet would run are made plain ones. */
  readonly isSpreadsheetSafe?: boolean;
}

export async function convertParquet(
  { from, to, format, isSpreadsheetSafe = false }: Conversion,
  signal: AbortSignal,
): Promise<void> {
  const temporary = createTemporaryFiles();
  const database = await openDatabase({ threadCount: 1, temporaryFolder: temporary.folder(), signal });
  try {
    const relation = await parquetRelation(database, from);
    const columns = relation.columns.map((column) => ({ name: column.name, sql: columnSql(column), type: column.type }));
    const output: Output = { columns: isSpreadsheetSafe ? safeColumns(columns) : columns, from: relation.sql };
    if (format === "csv") await database.run(copySql(output, to, { format, gzip: false }));
    else {
      const { writeArrow } = await import("../files/arrow-write.ts");
      await writeArrow(database, { select: selectSql(output), names: output.columns.map(({ name }) => name) }, to);
    }
  } finally {
    database.close();
    temporary.removeAll();
  }
}
