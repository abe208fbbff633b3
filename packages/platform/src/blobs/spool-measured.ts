/** Writes a stream to a new file within a size limit, and gives its size and checksum. */

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NomalyError, throwIfAborted } from "@nomaly/detect";
import type { StoredBlob } from "./blob-store.ts";

/** The file is on disk when it resolves. @throws NomalyError TOO_LARGE, and errors of the file system: see {@link writeError}. */
export async function spoolMeasured(
  path: string,
  content: Readable,
  sizeBytesMax: number,
  signal?: AbortSignal,
): Promise<Omit<StoredBlob, "key">> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes > sizeBytesMax) {
        const details = { field: "file", expected: `at most ${sizeBytesMax} bytes` };
        return done(new NomalyError("TOO_LARGE", `the file has more than ${sizeBytesMax} bytes`, details));
      }
      hash.update(chunk);
      done(undefined, chunk);
    },
  });
  await pipeline(
    content,
    measure,
    createWriteStream(path, { mode: 0o600, flags: "wx", flush: true }),
    ...(signal === undefined ? [] : [{ signal }]),
  );
  return { sizeBytes, checksum: hash.digest("hex") };
}

/** Turns a failed write into the error for the client that sent the bytes. */
export function writeError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof NomalyError) return error;
  throwIfAborted(signal);
  const { code, message } = error as NodeJS.ErrnoException;
  const full = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
  const said = full ? "the disk is full: nothing was stored" : `the bytes could not be stored: ${message}`;
  return new NomalyError("STORAGE", said, { field: "file", cause: error });
}
