/** Opens a data set's file in a worker, and removes the temporary files when the work ends. */

import { rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { NomalyError, threadCount } from "@nomaly/detect";
import { createTemporaryFiles } from "../../files/local/temporary.ts";
import { type OpenFile, withFile } from "../../files/open-file.ts";
import type { FileGiven } from "../work.ts";
import type { OrderContext } from "./order-context.ts";

export interface FileContext extends Pick<OrderContext, "settings" | "signal" | "progress"> {
  /** Used by this piece of work alone, and removed when it ends. */
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

/** Texts that dictionaries repeat in many rows may expand a file to this many times its size. */
const expansionMax = 32;
const expandedBytesMin = 256 * 1024 ** 2;

function expandedTextBytesMax({ path }: FileGiven, { unpackedBytesMax }: FileContext["settings"]): number {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return Math.min(unpackedBytesMax, Math.max(expandedBytesMin, sizeBytes * expansionMax));
}

/** Messages of the file layer may contain the path, which clients must not see. */
function withoutPath(error: unknown, { path, name }: FileGiven): unknown {
  if (!(error instanceof NomalyError)) return error;
  return error.retold({ message: error.message.replaceAll(path, () => name), field: error.field?.replaceAll(path, "file") });
}
