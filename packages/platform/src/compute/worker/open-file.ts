/** Opens a dataset's file in a worker, with temporary files that go when the work ends. */

import { rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { NomalyError, threadCount } from "@nomaly/detect";
import { createTemporaryFiles } from "../../files/local/temporary.ts";
import { type OpenFile, withFile } from "../../files/open-file.ts";
import type { FileGiven } from "../work.ts";
import type { OrderContext } from "./order-context.ts";

export interface FileContext extends Pick<OrderContext, "settings" | "signal" | "progress"> {
  /** Of this piece of work alone; gone when it ends. */
  readonly temporaryFolder: string;
  readonly threads: number | "auto";
}

export async function withGivenFile<T>(file: FileGiven, context: FileContext, use: (opened: OpenFile) => Promise<T>): Promise<T> {
  const { kind: _, path, sizeBytes: _bytes, ...given } = file;
  const { threads, settings } = context;
  const temporary = createTemporaryFiles(context.temporaryFolder);
  try {
    const options = {
      ...given,
      threadCount: threads === "auto" ? threadCount() : threads,
      memoryMib: settings.databaseMibMax,
      unpackedBytesMax: settings.unpackedBytesMax,
      limits: { columnCountMax: settings.limits.columnCountMax, expandedTextBytesMax: expandedTextBytesMax(file, settings) },
      temporary,
      stdin: Readable.from([]),
      signal: context.signal,
    };
    return await withFile(path, options, use);
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
