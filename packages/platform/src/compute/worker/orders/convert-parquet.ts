/** A Parquet file of ours as CSV or as an Arrow stream. */

import { mkdirSync, rmSync, statSync } from "node:fs";
import { copySql, type Output, selectSql } from "../../../files/write/copy-rows.ts";
import { openDuckDb } from "../../../files/local/database.ts";
import { parquetRelation } from "../../../files/read/plain-relations.ts";
import { readError } from "../../../files/read/read-error.ts";
import { columnSql } from "../../../files/read/relation.ts";
import { safeColumns } from "../../../files/write/spreadsheet-safe.ts";
import type { ConvertOrder } from "../../messages.ts";
import type { ConvertOutcome } from "../../work.ts";
import type { OrderContext } from "../order-context.ts";

export async function convertParquet(
  { fromPath, toPath, format, isSpreadsheetSafe = false, temporaryFolder }: ConvertOrder,
  { signal, settings }: OrderContext,
): Promise<ConvertOutcome> {
  mkdirSync(temporaryFolder, { recursive: true });
  const database = await openDuckDb({ threadCount: 1, memoryMib: settings.databaseMibMax, temporaryFolder, signal });
  try {
    const relation = await parquetRelation(database, fromPath);
    const columns = relation.columns.map((column) => ({ name: column.name, sql: columnSql(column), type: column.type }));
    const output: Output = { columns: isSpreadsheetSafe ? safeColumns(columns) : columns, from: relation.sql };
    if (format === "csv") await database.run(copySql(output, toPath, { format, gzip: false }));
    else {
      const { writeArrow } = await import("../../../files/write/arrow-write.ts");
      await writeArrow(database, { select: selectSql(output), names: output.columns.map(({ name }) => name) }, toPath);
    }
    return { sizeBytes: statSync(toPath).size };
  } catch (error) {
    throw readError(error, "the result", signal);
  } finally {
    database.close();
    rmSync(temporaryFolder, { recursive: true, force: true });
  }
}
