/** Opens a dataset's file in a worker, with temporary files that go when the work ends. */

import { rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import type { ErrorCode } from "@nomaly/detect";
import { nearestName, NomalyError, threadCount } from "@nomaly/detect";
import type { Source } from "../../files/read/source.ts";
import { openSource } from "../../files/read/source.ts";
import { createTemporaryFiles } from "../../files/local/temporary.ts";
import type { FileGiven } from "../work.ts";
import type { OrderContext } from "./order-context.ts";

export interface FileContext extends Pick<OrderContext, "settings" | "signal" | "progress"> {
  /** Of this piece of work alone; gone when it ends. */
  readonly temporaryFolder: string;
  readonly threads: number | "auto";
}

export async function withFile<T>(file: FileGiven, context: FileContext, use: (source: Source) => Promise<T>): Promise<T> {
  const { kind: _, path, rowCount: _rows, sizeBytes: _bytes, ...given } = file;
  const { threads, settings } = context;
  const temporary = createTemporaryFiles(context.temporaryFolder);
  try {
    const source = await openSource(path, {
      ...given,
      threadCount: threads === "auto" ? threadCount() : threads,
      memoryMib: settings.databaseMibMax,
      unpackedBytesMax: settings.unpackedBytesMax,
      limits: { columnCountMax: settings.limits.columnCountMax, expandedTextBytesMax: expandedTextBytesMax(file, settings) },
      temporary,
      stdin: Readable.from([]),
      signal: context.signal,
    });
    try {
      return await use(source);
    } finally {
      source.close();
    }
  } catch (error) {
    throw withoutPath(error, file);
  } finally {
    temporary.removeAll();
    rmSync(context.temporaryFolder, { recursive: true, force: true });
  }
}

/** A short text in many rows of a dictionary is usual; what becomes so many times the file's bytes is not. */
const expansionMax = 32;
const expandedBytesMin = 256 * 1024 ** 2;

function expandedTextBytesMax({ path }: FileGiven, { unpackedBytesMax }: FileContext["settings"]): number {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return Math.min(unpackedBytesMax, Math.max(expandedBytesMin, sizeBytes * expansionMax));
}

/** Messages of the file layer may name the path: here it is an inner matter. */
function withoutPath(error: unknown, { path, name }: FileGiven): unknown {
  if (!(error instanceof NomalyError)) return error;
  return error.retold({ message: error.message.replaceAll(path, () => name), field: error.field?.replaceAll(path, "file") });
}

/** Share of the file read, where its rows are known. */
export function shareRead({ rowCount }: FileGiven, source: Source, readRowCount: number): number | undefined {
  const total = rowCount ?? source.rowCount;
  return total === undefined || total === 0 ? undefined : Math.min(1, readRowCount / total);
}

const aboutRows: ReadonlySet<ErrorCode> = new Set(["COLUMN", "LABEL", "NOT_FINITE", "SHAPE", "TOO_FEW_ROWS"]);

/** An error about rows names the file, and a row by its place there, from 0. */
export function aboutFile(error: unknown, name: string, rowIndexOf: (row: number) => number): unknown {
  if (!(error instanceof NomalyError) || !aboutRows.has(error.code)) return error;
  return error.retold({
    prefix: `${name}: `,
    rowIndex: error.rowIndex === undefined ? undefined : rowIndexOf(error.rowIndex),
  });
}

/** @throws NomalyError COLUMN for a name that the file has not, with the nearest that it has. */
export function requireFileColumns(source: Source, names: readonly string[], field: string): void {
  const usable = source.columns.filter(({ kind }) => kind !== undefined).map((column) => column.name);
  for (const name of names) {
    if (usable.includes(name)) continue;
    const unused = source.columns.find((column) => column.name === name);
    const nearest = nearestName(name, usable);
    const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
    const message =
      unused === undefined
        ? `${source.name} has no column "${name}"${hint}`
        : `${source.name}: column "${name}" of type ${unused.type} cannot be used`;
    throw new NomalyError("COLUMN", message, { field, received: name });
  }
}
