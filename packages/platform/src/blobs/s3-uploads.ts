/** Large blobs sent to object storage in parts, and the removal of parts whose upload never ended. */

import { createHash } from "node:crypto";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { throwIfAborted } from "@nomaly/detect";
import { keyPattern } from "./blob-store.ts";
import { bytesOf, carrying, type FilePiece, optionsFor, type S3CallOptions } from "./s3-client.ts";

/** What is larger is sent in parts of this size. */
export const partBytesMin = 16 * 1024 ** 2;
/** The protocol has no more: beyond 160 GiB the parts grow. */
const partCountMax = 10_000;

interface UploadId {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

export function s3Uploads(s3: S3Client, sdk: typeof import("@aws-sdk/client-s3"), bucket: string) {
  async function send(key: string, whole: FilePiece, signal: AbortSignal | undefined): Promise<void> {
    // Without the signal: an upload whose id never arrives here could not be removed.
    const { UploadId } = await s3.send(new sdk.CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    const upload = { Bucket: bucket, Key: key, UploadId };
    try {
      throwIfAborted(signal);
      const parts: CompletedPart[] = [];
      for await (const piece of piecesOf(whole)) {
        const PartNumber = parts.length + 1;
        const part = new sdk.UploadPartCommand({ ...upload, PartNumber });
        part.middlewareStack.add((next) => (step) => next(carrying(step, piece)), { step: "build" });
        const { ETag } = await s3.send(part, optionsFor(piece.sizeBytes, signal));
        parts.push({ PartNumber, ETag });
      }
      await complete(upload, parts, whole.sizeBytes, signal);
    } catch (error) {
      // Parts of an upload that never ends are kept and paid for. Whether they go now or later, what is told is why it failed.
      await abort(upload).catch(() => {});
      throw error;
    }
  }

  async function complete(
    upload: UploadId,
    Parts: CompletedPart[],
    sizeBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const completed = new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
    try {
      const options: S3CallOptions = { ...optionsFor(sizeBytes, signal), isSlow: true };
      await s3.send(completed, options);
    } catch (error) {
      if (!isNoUpload(error)) throw error;
      // An earlier try may have completed it though its answer did not arrive.
      const { Bucket, Key } = upload;
      const found = await s3.send(new sdk.HeadObjectCommand({ Bucket, Key }), optionsFor(0, signal)).catch(() => undefined);
      if (found?.ContentLength !== sizeBytes) throw error;
    }
  }

  async function abort(upload: UploadId): Promise<void> {
    await s3.send(new sdk.AbortMultipartUploadCommand(upload));
  }

  /** Removes parts of blobs whose upload began before this time. */
  async function abortBefore(time: number, signal: AbortSignal): Promise<number> {
    let aborted = 0;
    for (let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {}; after !== undefined;) {
      const page = await listFrom(after);
      for (const { Key = "", UploadId, Initiated } of page.Uploads ?? []) {
        if (!keyPattern.test(Key) || Initiated === undefined || Initiated.getTime() >= time) continue;
        throwIfAborted(signal);
        // One that ended since it was listed is gone already.
        await abort({ Bucket: bucket, Key, UploadId }).catch((error: unknown) => {
          if (!isNoUpload(error)) throw error;
        });
        aborted++;
      }
      const { NextKeyMarker: KeyMarker = "", NextUploadIdMarker: UploadIdMarker = "" } = page;
      after = page.IsTruncated === true && KeyMarker !== "" ? { KeyMarker, UploadIdMarker } : undefined;
    }
    return aborted;
  }

  const listFrom = (after: object) => s3.send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket, ...after }));

  return { send, abortBefore };
}

const isNoUpload = (error: unknown): boolean => (error as Error).name === "NoSuchUpload";

/** In order, each with its checksum, which is counted when it is its turn: no part is held in memory. */
async function* piecesOf({ path, sizeBytes: wholeBytes }: FilePiece): AsyncGenerator<FilePiece> {
  const partBytes = Math.max(partBytesMin, Math.ceil(wholeBytes / partCountMax));
  for (let start = 0; start < wholeBytes; start += partBytes) {
    const sizeBytes = Math.min(partBytes, wholeBytes - start);
    const hash = createHash("sha256");
    for await (const chunk of bytesOf({ path, start, sizeBytes })) hash.update(chunk as Buffer);
    yield { path, start, sizeBytes, checksum: hash.digest("hex") };
  }
}
