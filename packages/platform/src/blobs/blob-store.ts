/** Bytes too large for the database: data sets, large models, stored results. */

import type { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";

export interface StoredBlob {
  readonly key: string;
  readonly sizeBytes: number;
  /** SHA-256, in hexadecimal. */
  readonly checksum: string;
}

export interface BlobStore {
  /**
   * Stores all of it or nothing, and lasts before it resolves. The key is new each time: blobs never change.
   * @throws NomalyError TOO_LARGE above the limit, STORAGE when the disk is full or fails, ABORTED.
   */
  write(
    kind: BlobKind,
    content: Readable,
    limits: { readonly sizeBytesMax: number; readonly signal?: AbortSignal },
  ): Promise<StoredBlob>;
  /**
   * A file on this machine that holds the blob, for reading only; `release` when done.
   * @throws NomalyError STORAGE when it is missing or damaged.
   */
  open(key: string, signal?: AbortSignal): Promise<{ readonly path: string; release(): Promise<void> }>;
  read(key: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Whether what is open stays readable when it is removed. */
  readonly keepsOpened: boolean;
  /** Nothing happens where there is none. */
  remove(key: string): Promise<void>;
  /** Keys written before this time (milliseconds since 1970), to find those that no row names. */
  keysBefore(time: number): AsyncIterable<string>;
  /** Removes what writes begun before this time left behind when their process ended in the middle; gives how many. */
  removeUnfinished(time: number, signal: AbortSignal): Promise<number>;
  /**
   * Marks the place as this installation's, once.
   * @throws NomalyError CONFIG when it is another's: its blobs would be removed as named by nobody.
   */
  claim(installationId: string): Promise<void>;
  /** Resolves when bytes can be written; for the health check. */
  check(): Promise<{ readonly freeBytes: number | undefined }>;
}

export const blobKinds = ["dataset", "model", "result"] as const;
export type BlobKind = (typeof blobKinds)[number];

/** Keys come from the database, but a path made of one must stay inside the folder whatever it holds. */
export const keyPattern = /^(?:dataset|model|result)\/[0-9a-f-]{36}$/;

export function requireOwn(found: string, installationId: string, place: string): void {
  if (found === installationId) return;
  const message = `${place} belongs to another database (installation ${found.slice(0, 36)}, not ${installationId}): give each its own`;
  throw new NomalyError("CONFIG", message, { field: "data_dir", expected: installationId, received: found.slice(0, 36) });
}
