/** Reads a file while another process still writes it. */

import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { NomalyError } from "@nomaly/detect";

const pieceBytes = 64 * 1024;
/** How often a reader that has read everything looks for more. */
const lookMs = 20;

export interface GrowingFile {
  /** Fails with the error of the writing, or where the file was written anew. */
  readonly bytes: Readable;
  /** Undefined while the file is still being written. */
  readonly sizeBytes: number | undefined;
}

/**
 * Resolves once the file has bytes, or is complete.
 * @param written the writing, which ends with the file's size. @param onBytes is called for each piece.
 * @throws the error of a writing that fails before the first byte.
 */
export async function growingFile(
  path: string,
  written: Promise<{ readonly sizeBytes: number }>,
  onBytes: () => void = () => undefined,
): Promise<GrowingFile> {
  const writing = watched(written);
  while (writing.ended === undefined && (await sizeOf(path)) === 0) await writing.change();
  if (writing.ended?.kind === "failed") throw writing.ended.error;
  const { ended } = writing;
  const bytes = Readable.from(pieces(path, writing, onBytes), { objectMode: false, highWaterMark: pieceBytes });
  return { bytes, sizeBytes: ended?.sizeBytes };
}

type Ended = { readonly kind: "done"; readonly sizeBytes: number } | { readonly kind: "failed"; readonly error: unknown };

interface Writing {
  readonly ended: Ended | undefined;
  /** Resolves when the writing has ended, or some time has passed. */
  change(): Promise<void>;
}

function watched(written: Promise<{ readonly sizeBytes: number }>): Writing {
  let ended: Ended | undefined;
  const end = written.then(
    ({ sizeBytes }) => void (ended = { kind: "done", sizeBytes }),
    (error: unknown) => void (ended = { kind: "failed", error }),
  );
  return {
    get ended() {
      return ended;
    },
    async change() {
      const over = new AbortController();
      const passed = sleep(lookMs, undefined, { signal: over.signal }).catch(() => undefined);
      await Promise.race([end, passed]);
      over.abort();
    },
  };
}

async function* pieces(path: string, writing: Writing, onBytes: () => void): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (let position = 0; ;) {
      // Before reading: bytes that are written later come with the next read.
      const { ended } = writing;
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, position);
      if (bytesRead > 0) {
        position += bytesRead;
        onBytes();
        yield buffer.subarray(0, bytesRead);
      } else if (ended === undefined) await writing.change();
      else if (ended.kind === "failed") throw ended.error;
      else if (position === ended.sizeBytes) return;
      // A worker died, and the next one began a new file: the reader has the old one.
      else
        throw new NomalyError("WORKER", "the file was written anew while it was being sent: ask for it again", {
          field: "format",
        });
    }
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
