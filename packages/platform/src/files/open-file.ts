/** Opens a file with DuckDB: its rows, a sink that writes them with scores, pages to show, and a profile. Callers see nothing of DuckDB. */

import { readError } from "./duckdb/read-error.ts";
import { openSource, type SourceOptions } from "./duckdb/source.ts";
import { writeScored } from "./duckdb/output/write-scored.ts";
import type { RowStream } from "./read/row-stream.ts";
import type { FilePage, Inspected, PageOfFile } from "./read/shown-file.ts";
import type { RowSink } from "./write/row-sink.ts";

export interface OpenFile {
  readonly rows: RowStream;
  readonly sink: RowSink;
  /** @throws NomalyError FILE_FORMAT, FILE_READ, TOO_LARGE naming the file, and the line or column where there is one. */
  page(window: PageOfFile): Promise<FilePage>;
  /** Reads the whole file once. @throws as {@link page} does. */
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

  /** Turns DuckDB's errors about the file into coded errors. */
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
      // Imported when needed, as the command line shows no pages.
      page: async (window) => coded((await import("./duckdb/read-page.ts")).pageOf(source, window)),
      inspect: async () => coded((await import("./duckdb/inspect-source.ts")).inspectSource(source, memoryMib), memoryMib),
    });
  } finally {
    source.close();
  }
}
