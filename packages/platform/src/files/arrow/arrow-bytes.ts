/** Reads bytes of an Arrow file or body in pieces, so that a file of any size takes little memory. */

import { fstatSync, readSync } from "node:fs";
import { ArrowDamage } from "./arrow-flatbuffer.ts";

export interface ArrowBytes {
  readonly sizeBytes: number;
  /** The result is valid until the next call. @param sizeBytes the caller has checked that the range is within the bytes. */
  read(position: number, sizeBytes: number): Uint8Array;
}

/** Least number of bytes read at once, as neighbouring buffers are mostly small. */
const readAheadBytes = 64 * 1024;

export function bytesInMemory(bytes: Uint8Array): ArrowBytes {
  return {
    sizeBytes: bytes.length,
    read: (position, sizeBytes) => bytes.subarray(position, position + sizeBytes),
  };
}

/** @param descriptor a plain file, open for reading. */
export function bytesOfFile(descriptor: number): ArrowBytes {
  const { size: sizeBytes } = fstatSync(descriptor);
  let kept = Buffer.alloc(0);
  let keptStart = 0;
  let keptBytes = 0;

  function fill(position: number, wantedBytes: number): void {
    const count = Math.min(sizeBytes - position, Math.max(wantedBytes, readAheadBytes));
    if (kept.length < count) kept = Buffer.alloc(count);
    keptStart = position;
    for (keptBytes = 0; keptBytes < count;) {
      const readBytes = readSync(descriptor, kept, keptBytes, count - keptBytes, position + keptBytes);
      if (readBytes === 0) throw new ArrowDamage("it became shorter while it was read");
      keptBytes += readBytes;
    }
  }

  return {
    sizeBytes,
    read(position, wantedBytes) {
      const isKept = position >= keptStart && position + wantedBytes <= keptStart + keptBytes;
      if (!isKept) fill(position, wantedBytes);
      return kept.subarray(position - keptStart, position - keptStart + wantedBytes);
    },
  };
}
