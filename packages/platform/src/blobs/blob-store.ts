/** The interface of a blob store, which keeps what is too large for the database: data sets, large models, stored results. */

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
   * Stores the whole content under a new key, or nothing; the bytes are durable when it resolves. Blobs never change.
   * @throws NomalyError TOO_LARGE above the limit, STORAGE when the disk is full or fails, ABORTED.
   */
  write(
    kind: BlobKind,
    content: Readable,
    limits: { readonly sizeBytesMax: number; readonly signal?: AbortSignal },
  ): Promise<StoredBlob>;
  /**
   * Gives the path of a local file with the blob, for reading only; the caller calls `release` when it has done.
   * @throws NomalyError STORAGE when the blob is missing or damaged.
   */
  open(key: string, signal?: AbortSignal): Promise<{ readonly path: string; release(): Promise<void> }>;
  read(key: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Whether an open blob stays readable after `remove`. */
  readonly keepsOpened: boolean;
  /** Does nothing where there is no such blob. */
  remove(key: string): Promise<void>;
  /** Lists keys written before this time (milliseconds since 1970), so that maintenance finds those that no row names. */
  keysBefore(time: number): AsyncIterable<string>;
  /** Removes what writes begun before this time left behind when their process ended in the middle; gives how many. */
  removeUnfinished(time: number, signal: AbortSignal): Promise<number>;
  /**
   * Marks the store as this installation's, once.
   * @throws NomalyError CONFIG when it is another installation's, whose blobs maintenance would remove since no row here names them.
   */
  claim(installationId: string): Promise<void>;
  /** For the health check: rejects when the store cannot be reached. */
  check(): Promise<{ readonly freeBytes: number | undefined }>;
}

export const blobKinds = ["dataset", "model", "result"] as const;
export type BlobKind = (typeof blobKinds)[number];

/** Checks keys although they are read from the database, so that no key can lead to a path outside the folder. */
export const keyPattern = /^(?:dataset|model|result)\/[0-9a-f-]{36}$/;

export function requireOwn(found: string, installationId: string, place: string): void {
  if (found === installationId) return;
  const message = `${place} belongs to another database (installation ${found.slice(0, 36)}, not ${installationId}): give each its own`;
  throw new NomalyError("CONFIG", message, { field: "data_dir", expected: installationId, received: found.slice(0, 36) });
}
