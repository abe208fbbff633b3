/** DuckDB in this process, as the reader and writer of files: no database of its own, no network, no extension downloads. */

import type { DuckDBConnection, DuckDBDataChunk, DuckDBTableFunction } from "@duckdb/node-api";
import { throwIfAborted } from "@nomaly/detect";
import { exactNumbers } from "./json-cells.ts";

/** DuckDB's own buffers where nobody says it; what does not fit is spilled to the temporary folder. */
const memoryMibDefault = 1024;

export interface Database {
  /** Rows as objects of plain JSON values; big integers come as text. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** Rows as lists of JSON values, with numbers wherever they are exact. */
  cells(sql: string): Promise<unknown[][]>;
  run(sql: string): Promise<void>;
  /**
   * Rows as they are read, some thousands at a time.
   * @param columnCount columns that `select` gives; what a chunk has behind them is not for its reader.
   */
  stream(select: string, columnCount: number): AsyncGenerator<RowChunk>;
  registerTableFunction(tableFunction: DuckDBTableFunction): void;
  readonly connection: DuckDBConnection;
  close(): void;
}

export interface RowChunk {
  readonly chunk: DuckDBDataChunk;
  /** Rows of the chunk that are rows of the query. */
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
  // Loaded with the first file: a service that only answers from models needs none.
  const { DuckDBInstance, JsonDuckDBValueConverter } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threadCount),
    memory_limit: `${options.memoryMib ?? memoryMibDefault}MiB`,
    temp_directory: options.temporaryFolder,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "true",
    // Files are read once or twice, from first to last: keeping their blocks would only fill memory.
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
 * An error within a stream comes from DuckDB's interface as an end like any other. So a row of our own ends what is read: without it
 * the rows are not all, and the query is run once more without a stream, which tells the error.
 */
async function* streamed(connection: DuckDBConnection, { select, columnCount, signal }: Streamed): AsyncGenerator<RowChunk> {
  throwIfAborted(signal);
  const missing = Array.from({ length: columnCount }, () => "NULL");
  const result = await connection.stream(`SELECT *, false FROM (${select}) UNION ALL SELECT ${[...missing, "true"].join(", ")}`);
  let isWhole = false;
  // To its end also behind that row: the query's transaction stays open until then.
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

/** A text literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name of a column or table. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path as a literal that DuckDB does not take for a pattern: `*`, `?` and `[` stand in brackets. */
export function sqlPath(path: string): string {
  return sqlText(path.replace(/[*?[]/g, (letter) => `[${letter}]`));
}

/** The first line of DuckDB's message without its class, as one sentence part. */
export function databaseMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split("\n")[0].trim();
  return line.replace(/^([A-Z][A-Za-z-]* )+Error: /, "").replace(/[.\s]+$/, "");
}
