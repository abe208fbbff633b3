/** Opens a file: its rows to read, the sink that writes them again, and what is shown of it. DuckDB does it, and nobody else knows. */

import { readError } from "./duckdb/read-error.ts";
import { openSource, type SourceOptions } from "./duckdb/source.ts";
import { writeScored } from "./duckdb/write-scored.ts";
import type { RowStream } from "./read/row-stream.ts";
import type { FilePage, Inspected, PageOfFile } from "./read/shown-file.ts";
import type { RowSink } from "./write/row-sink.ts";

export interface OpenFile {
  readonly rows: RowStream;
  readonly sink: RowSink;
  /** @throws NomalyError FILE_FORMAT, FILE_READ, TOO_LARGE naming the file, and the line or column where there is one. */
  page(window: PageOfFile): Promise<FilePage>;
  /** Reads the file once from end to end. @throws as {@link page} does. */
  inspect(): Promise<Inspected>;
}

/**
 * Runs `use` with the opened file, and closes it whatever happens.
 * @param path `-` is standard input.
 * @throws NomalyError FILE_NOT_FOUND, FILE_READ, FILE_FORMAT naming the file, and the line or column where there is one.
 */
export async function withFile<T>(path: string, options: SourceOptions, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const { signal, memoryMib } = options;
  const source = await openSource(path, options);

  /** What DuckDB says of the file, as a coded error. */
  async function coded<V>(work: Promise<V>, ofMemoryMib?: number): Promise<V> {
    try {
      return await work;
    } catch (error) {
      throw readError(error, source.name, signal, ofMemoryMib);
    }
  }

  try {
    return await use({
      rows: source,
      sink: { write: (scored, target) => writeScored(source, scored, target, signal) },
      // Loaded only here: the command shows no files.
      page: async (window) => coded((await import("./duckdb/read-page.ts")).pageOf(source, window)),
      inspect: async () => coded((await import("./duckdb/inspect-source.ts")).inspectSource(source, memoryMib), memoryMib),
    });
  } finally {
    source.close();
  }
}
