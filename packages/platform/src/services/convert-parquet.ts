/** A Parquet file as CSV or as an Arrow stream. */

import { openDatabase, sqlPath, sqlText } from "../files/database.ts";
import { createTemporaryFiles } from "../files/temporary.ts";

export const resultFormats = ["csv", "parquet", "arrow"] as const;
export type ResultFormat = (typeof resultFormats)[number];

export async function convertParquet(
  { from, to, format }: { readonly from: string; readonly to: string; readonly format: "csv" | "arrow" },
  signal: AbortSignal,
): Promise<void> {
  const temporary = createTemporaryFiles();
  const database = await openDatabase({ threadCount: 1, temporaryFolder: temporary.folder(), signal });
  try {
    const select = `SELECT * FROM read_parquet(${sqlPath(from)})`;
    if (format === "csv") await database.run(`COPY (${select}) TO ${sqlText(to)} (FORMAT csv, HEADER)`);
    else {
      const { writeArrow } = await import("../files/arrow-write.ts");
      await writeArrow(database, select, to);
    }
  } finally {
    database.close();
    temporary.removeAll();
  }
}
