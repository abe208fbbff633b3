/** Opens an in-memory DuckDB that reads and writes files, without network access or extension downloads. */

import type { DuckDBConnection, DuckDBDataChunk, DuckDBTableFunction } from "@duckdb/node-api";
import { throwIfAborted } from "@nomaly/detect";
import { exactNumbers } from "./json-cells.ts";

/** DuckDB's default memory limit; it spills larger data to the temporary folder. */
const memoryMibDefault = 1024;

export interface Database {
  /** Rows as objects of JSON values; big integers are texts. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** Rows as lists of JSON values; big integers that float64 holds exactly are numbers. */
  cells(sql: string): Promise<unknown[][]>;
  run(sql: string): Promise<void>;
  /**
   * Streams rows, some thousands at a time.
   * @param columnCount columns of `select`; a chunk has one more, which its reader ignores.
   */
  stream(select: string, columnCount: number): AsyncGenerator<RowChunk>;
  registerTableFunction(tableFunction: DuckDBTableFunction): void;
  readonly connection: DuckDBConnection;
  close(): void;
}

export interface RowChunk {
  readonly chunk: DuckDBDataChunk;
  /** Rows of the query; the chunk may have one more at its end. */
  readonly rowCount: number;
}

export interface DatabaseOptions {
  readonly threadCount: number;
  readonly memoryMib?: number | undefined;
  readonly temporaryFolder: string;
  /** Interrupts a running query. */
  readonly signal: AbortSignal;
}

export async function openDuckDb(options: DatabaseOptions): Promise<Database> {
  const { signal } = options;
  throwIfAborted(signal);
  // Imported with the first file, as a service that only scores rows of requests needs no DuckDB.
  const { DuckDBInstance, JsonDuckDBValueConverter } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threadCount),
    memory_limit: `${options.memoryMib ?? memoryMibDefault}MiB`,
    temp_directory: options.temporaryFolder,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "true",
    // Files are read once or twice from start to end, so caching their blocks would only fill memory.
    enable_external_file_cache: "false",
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const interrupt = () => connection.interrupt();
  signal.addEventListener("abort", interrupt, { once: true });

  return {
    connection,
    async rows(sql) {
      throwIfAborted(signal);
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjectsJson();
    },
    async cells(sql) {
      throwIfAborted(signal);
      const reader = await connection.runAndReadAll(sql);
      return reader.convertRows(exactNumbers(JsonDuckDBValueConverter));
    },
    async run(sql) {
      throwIfAborted(signal);
      await connection.run(sql);
    },
    stream: (select, columnCount) => streamed(connection, { select, columnCount, signal }),
    registerTableFunction: (tableFunction) => connection.registerTableFunction(tableFunction),
    close() {
      signal.removeEventListener("abort", interrupt);
      connection.closeSync();
      instance.closeSync();
    },
  };
}

interface Streamed {
  readonly select: string;
  readonly columnCount: number;
  readonly signal: AbortSignal;
}

/**
 * DuckDB's API ends a stream on an error as it does after the last row. So the query gets a marker row at its end: if that is missing, the
 * query runs again without a stream, which throws the error.
 */
async function* streamed(connection: DuckDBConnection, { select, columnCount, signal }: Streamed): AsyncGenerator<RowChunk> {
  throwIfAborted(signal);
  const missing = Array.from({ length: columnCount }, () => "NULL");
  const result = await connection.stream(`SELECT *, false FROM (${select}) UNION ALL SELECT ${[...missing, "true"].join(", ")}`);
  let isWhole = false;
  // Reads past that row to the end, because the query's transaction stays open until then.
  for (;;) {
    throwIfAborted(signal);
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    isWhole = chunk.getColumnVector(columnCount).getItem(chunk.rowCount - 1) === true;
    const rowCount = chunk.rowCount - (isWhole ? 1 : 0);
    if (rowCount > 0) yield { chunk, rowCount };
  }
  throwIfAborted(signal);
  if (isWhole) return;
  await connection.runAndReadAll(`SELECT max(hash(COLUMNS(*))) FROM (${select})`);
  throw new Error("IO Error: reading ended before the last row");
}

/** Quotes a text as a SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quotes the name of a column or table. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a path, with `*`, `?` and `[` in brackets so that DuckDB does not read them as a pattern. */
export function sqlPath(path: string): string {
  return sqlText(path.replace(/[*?[]/g, (letter) => `[${letter}]`));
}

/** The first line of DuckDB's message, without the error class and final period. */
export function databaseMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split("\n")[0].trim();
  return line.replace(/^([A-Z][A-Za-z-]* )+Error: /, "").replace(/[.\s]+$/, "");
}
