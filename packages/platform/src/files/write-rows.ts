/** Writes columns in memory to a Parquet file. Column types follow the values' types; texts are never parsed as numbers or dates. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copySql } from "./duckdb/copy-rows.ts";
import { openDuckDb, sqlPath, sqlText } from "./duckdb/database.ts";

export type WrittenCell = number | string | boolean | null | undefined;

export interface ColumnToWrite {
  readonly name: string;
  readonly cellAt: (row: number) => WrittenCell;
}

export interface RowsToWrite {
  readonly columns: readonly ColumnToWrite[];
  readonly rowCount: number;
  /** For temporary files. */
  readonly folder: string;
  readonly path: string;
  /** DuckDB's memory limit, MiB. */
  readonly memoryMib?: number;
}

/** Meant for the rows of a request: it encodes them on this thread. */
export async function writeRows({ columns, rowCount, folder, path, memoryMib }: RowsToWrite, signal: AbortSignal): Promise<void> {
  const typed = columns.map((column) => ({ ...column, type: typeOf(column, rowCount) }));
  const linesPath = join(folder, "rows.ndjson");
  await writeFile(linesPath, linesOf(typed, rowCount));
  // The temporary file names columns c0, c1 and so on, so that no two names collide.
  const types = typed.map(({ type }, index) => `c${index}: ${sqlText(type)}`);
  const selects = typed.map(({ name }, index) => ({ name: name === "" ? `column_${index}` : name, sql: `c${index}` }));
  const from = `read_json(${sqlPath(linesPath)}, format='newline_delimited', compression='uncompressed', columns={${types.join(", ")}})`;
  const database = await openDuckDb({ threadCount: 1, memoryMib, temporaryFolder: folder, signal });
  try {
    await database.run(copySql({ columns: selects, from }, path, { format: "parquet", gzip: false }));
  } finally {
    database.close();
  }
}

type WrittenType = "DOUBLE" | "BOOLEAN" | "VARCHAR";

/** VARCHAR for a column whose values have several types. */
function typeOf({ cellAt }: ColumnToWrite, rowCount: number): WrittenType {
  const kinds = new Set<string>();
  for (let row = 0; row < rowCount; row++) {
    const cell = cellAt(row);
    if (cell !== null && cell !== undefined) kinds.add(typeof cell);
  }
  if (kinds.size > 1 || kinds.has("string")) return "VARCHAR";
  return kinds.has("boolean") ? "BOOLEAN" : "DOUBLE";
}

function linesOf(columns: readonly (ColumnToWrite & { readonly type: WrittenType })[], rowCount: number): string {
  const lines: string[] = [];
  for (let row = 0; row < rowCount; row++) {
    const members = columns.map(({ type, cellAt }, index) => {
      const cell = cellAt(row) ?? null;
      return `"c${index}":${JSON.stringify(type === "VARCHAR" && cell !== null ? String(cell) : cell)}`;
    });
    lines.push(`{${members.join(",")}}\n`);
  }
  return lines.join("");
}
