/** Stores blobs in object storage (the S3 protocol), so that servers and workers on several machines need no shared folder. */

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CompletedPart, S3ServiceException } from "@aws-sdk/client-s3";
import { NomalyError } from "@nomaly/detect";
import { newId } from "../ids/ids.ts";
import { type BlobStore, keyPattern, requireOwn } from "./blob-store.ts";
import { bytesOf, carrying, type FilePiece, openS3Client, type S3CallOptions, type S3Options } from "./s3-client.ts";
import { spoolMeasured, writeError } from "./spool-measured.ts";

/** The time limit of an upload allows for this rate. */
const bytesPerSecondMin = 1_000_000;
const callMsMin = 60_000;
const listPage = 1000;
/** A larger blob is uploaded in parts of this size or more. */
const partBytesMin = 16 * 1024 ** 2;
/** The most parts that the protocol allows: for blobs of more than 160 GiB the parts are larger. */
const partCountMax = 10_000;

export async function openS3Store(options: S3Options): Promise<BlobStore> {
  const { bucket } = options;
  const s3 = await openS3Client(options);
  const sdk = await import("@aws-sdk/client-s3");
  const at = (key: string) => ({ Bucket: bucket, Key: key });

  function atOwn(key: string): ReturnType<typeof at> {
    if (!keyPattern.test(key)) throw new NomalyError("STORAGE", "a stored reference is damaged", { field: "blob_key" });
    return at(key);
  }

  async function told<Answer>(what: string, key: string, answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      throw refused(what, key, error);
    }
  }

  const write: BlobStore["write"] = async (kind, content, { sizeBytesMax, signal }) => {
    // The store wants size and checksum before the first byte, so a temporary file holds the bytes first.
    const folder = await mkdtemp(join(tmpdir(), "nomaly-blob-"));
    try {
      const path = join(folder, "content");
      const measured = await spoolMeasured(path, content, sizeBytesMax, signal).catch((error: unknown) =>
        Promise.reject(writeError(error, signal)),
      );
      const key = `${kind}/${newId()}`;
      const send = measured.sizeBytes > partBytesMin ? sendParts : sendWhole;
      await told("store", key, send(key, { path, start: 0, ...measured }, signal));
      return { key, ...measured };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  async function sendWhole(key: string, piece: FilePiece, signal: AbortSignal | undefined): Promise<void> {
    const put = new sdk.PutObjectCommand(at(key));
    put.middlewareStack.add((next) => (step) => next(carrying(step, piece)), { step: "build" });
    await s3.send(put, optionsFor(piece.sizeBytes, signal));
  }

  async function sendParts(key: string, whole: FilePiece, signal: AbortSignal | undefined): Promise<void> {
    const options = optionsFor(0, signal);
    const { UploadId } = await s3.send(new sdk.CreateMultipartUploadCommand(at(key)), options);
    const upload = { ...at(key), UploadId };
    try {
      const parts: CompletedPart[] = [];
      for await (const piece of piecesOf(whole)) {
        const PartNumber = parts.length + 1;
        const part = new sdk.UploadPartCommand({ ...upload, PartNumber });
        part.middlewareStack.add((next) => (step) => next(carrying(step, piece)), { step: "build" });
        const { ETag } = await s3.send(part, optionsFor(piece.sizeBytes, signal));
        parts.push({ PartNumber, ETag });
      }
      await s3.send(new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }), options);
    } catch (error) {
      // The store keeps, and charges for, the parts of an upload until it is aborted. The caller hears why the upload failed, not the abort.
      await s3.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => {});
      throw error;
    }
  }

  async function fetchBody(key: string, signal: AbortSignal | undefined): Promise<Readable> {
    const options: S3CallOptions = { ...optionsFor(Number.POSITIVE_INFINITY, signal), isLarge: true };
    const { Body } = await told("read", key, s3.send(new sdk.GetObjectCommand(atOwn(key)), options));
    return Body as Readable;
  }

  const open: BlobStore["open"] = async (key, signal) => {
    const folder = await mkdtemp(join(tmpdir(), "nomaly-blob-"));
    const release = () => rm(folder, { recursive: true, force: true });
    try {
      const path = join(folder, "content");
      await pipeline(await fetchBody(key, signal), createWriteStream(path));
      return { path, release };
    } catch (error) {
      await release();
      throw writeError(error, signal);
    }
  };

  const read: BlobStore["read"] = async (key, signal) =>
    Buffer.concat((await (await fetchBody(key, signal)).toArray()) as Buffer[]);

  async function remove(key: string): Promise<void> {
    await told("remove", key, s3.send(new sdk.DeleteObjectCommand(atOwn(key))).catch(unless404));
  }

  async function* keysBefore(time: number): AsyncIterable<string> {
    for (let after: string | undefined = ""; after !== undefined;) {
      const page = await list(listPage, after);
      for (const { Key = "", LastModified } of page) {
        if (keyPattern.test(Key) && LastModified !== undefined && LastModified.getTime() < time) yield Key;
      }
      after = page.length < listPage ? undefined : page.at(-1)?.Key;
    }
  }

  async function list(countMax: number, after: string) {
    const from = after === "" ? {} : { StartAfter: after };
    const listed = s3.send(new sdk.ListObjectsV2Command({ Bucket: bucket, MaxKeys: countMax, ...from }));
    return (await told("list", bucket, listed)).Contents ?? [];
  }

  async function check(): Promise<{ freeBytes: undefined }> {
    await list(1, "");
    return { freeBytes: undefined };
  }

  async function claim(installationId: string): Promise<void> {
    const mark = at("installation");
    const found = await told("read", mark.Key, s3.send(new sdk.GetObjectCommand(mark)).catch(unless404));
    if (found?.Body === undefined)
      await told("store", mark.Key, s3.send(new sdk.PutObjectCommand({ ...mark, Body: Buffer.from(installationId) })));
    else requireOwn(await found.Body.transformToString(), installationId, `bucket ${bucket}`);
  }

  // `keepsOpened`: a reader has its own copy of the blob.
  return { write, open, read, keepsOpened: true, remove, keysBefore, check, claim };
}

/** Yields the parts in order and computes the checksum of each as it is yielded, holding none in memory. */
async function* piecesOf({ path, sizeBytes: wholeBytes }: FilePiece): AsyncGenerator<FilePiece> {
  const partBytes = Math.max(partBytesMin, Math.ceil(wholeBytes / partCountMax));
  for (let start = 0; start < wholeBytes; start += partBytes) {
    const sizeBytes = Math.min(partBytes, wholeBytes - start);
    const hash = createHash("sha256");
    for await (const chunk of bytesOf({ path, start, sizeBytes })) hash.update(chunk as Buffer);
    yield { path, start, sizeBytes, checksum: hash.digest("hex") };
  }
}

function optionsFor(sizeBytes: number, signal: AbortSignal | undefined): S3CallOptions {
  const hourMs = 3_600_000;
  const requestTimeout = Math.min(hourMs, callMsMin + (sizeBytes / bytesPerSecondMin) * 1000);
  return { requestTimeout, ...(signal === undefined ? {} : { abortSignal: signal }) };
}

function unless404(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error;
}

function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as Partial<S3ServiceException>;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** Keeps the errors of our own HTTP client; makes one of an SDK error, whose name is the code that the store gave. */
function refused(what: string, key: string, error: unknown): NomalyError {
  if (error instanceof NomalyError) return error;
  const status = statusOf(error);
  const { name, message: said } = error as Error;
  const why = status === undefined ? said : `status ${status} (${name.slice(0, 80)})`;
  const message = status === 404 ? `the stored bytes ${key} are missing` : `object storage did not ${what} ${key}: ${why}`;
  return new NomalyError("STORAGE", message, { field: "blob_key", received: String(status ?? name) });
}
