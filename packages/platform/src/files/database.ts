/** DuckDB in this process, as the reader and writer of files: no database of its own, no network, no extension downloads. */

import type { DuckDBConnection, DuckDBResult, DuckDBTableFunction } from "@duckdb/node-api";
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
  stream(sql: string): Promise<DuckDBResult>;
  registerTableFunction(tableFunction: DuckDBTableFunction): void;
  readonly connection: DuckDBConnection;
  close(): void;
}

export interface DatabaseOptions {
  readonly threadCount: number;
  readonly memoryMib?: number | undefined;
  readonly temporaryFolder: string;
  /** Interrupts a running query. */
  readonly signal: AbortSignal;
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
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
    stream(sql) {
      throwIfAborted(signal);
      return connection.stream(sql);
    },
    registerTableFunction: (tableFunction) => connection.registerTableFunction(tableFunction),
    close() {
      signal.removeEventListener("abort", interrupt);
      connection.closeSync();
      instance.closeSync();
    },
  };
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
