/** A Parquet file of ours as CSV or as an Arrow stream. */

import { mkdirSync, rmSync, statSync } from "node:fs";
import { openDatabase, sqlPath, sqlText } from "../../files/database.ts";
import { readError } from "../../files/read-error.ts";
import type { ConvertOrder } from "../messages.ts";
import type { ConvertOutcome } from "../work.ts";
import type { OrderContext } from "./order-context.ts";

export async function convertParquet(
  { fromPath, toPath, format, temporaryFolder }: ConvertOrder,
  { signal, settings }: OrderContext,
): Promise<ConvertOutcome> {
  mkdirSync(temporaryFolder, { recursive: true });
  const database = await openDatabase({ threadCount: 1, memoryMib: settings.databaseMibMax, temporaryFolder, signal });
  try {
    const select = `SELECT * FROM read_parquet(${sqlPath(fromPath)})`;
    if (format === "csv") await database.run(`COPY (${select}) TO ${sqlText(toPath)} (FORMAT csv, HEADER)`);
    else {
      const { writeArrow } = await import("../../files/arrow-write.ts");
      await writeArrow(database, select, toPath);
    }
    return { sizeBytes: statSync(toPath).size };
  } catch (error) {
    throw readError(error, "the result", signal);
  } finally {
    database.close();
    rmSync(temporaryFolder, { recursive: true, force: true });
  }
}
