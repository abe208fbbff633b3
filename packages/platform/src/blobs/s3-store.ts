/** Stores blobs in object storage (the S3 protocol), so that servers and workers on several machines need no shared folder. */

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NomalyError } from "@nomaly/detect";
import { newId } from "../ids/ids.ts";
import { type BlobStore, keyPattern, requireOwn } from "./blob-store.ts";
import { partBytesMin, s3Uploads } from "./s3-uploads.ts";
import {
  carrying,
  type FilePiece,
  openS3Client,
  optionsFor,
  type S3CallOptions,
  type S3Options,
  statusOf,
  whyOf,
} from "./s3-client.ts";
import { spoolMeasured, writeError } from "./spool-measured.ts";

const listPage = 1000;
/** What a store says of an object that is not there; the SDK calls a 404 without a code by the second. */
const absentCodes = ["NoSuchKey", "NotFound"];

export async function openS3Store(options: S3Options): Promise<BlobStore> {
  const { bucket } = options;
  const s3 = await openS3Client(options);
  const sdk = await import("@aws-sdk/client-s3");
  const uploads = s3Uploads(s3, sdk, bucket);
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
      const send = measured.sizeBytes > partBytesMin ? uploads.send : sendWhole;
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

  const removeUnfinished: BlobStore["removeUnfinished"] = async (time, signal) =>
    told("remove unfinished uploads of", bucket, uploads.abortBefore(time, signal));

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

  // A reader has a copy: it stays when the blob is removed.
  return { write, open, read, keepsOpened: true, remove, keysBefore, removeUnfinished, check, claim };
}

function unless404(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

/** Of the object itself: a bucket that is not there is another matter. */
function isAbsent(error: unknown): boolean {
  return statusOf(error) === 404 && absentCodes.includes((error as Error).name);
}

/** Our own client has said what is to be said. */
function refused(what: string, key: string, error: unknown): NomalyError {
  if (error instanceof NomalyError) return error;
  const status = statusOf(error);
  const missing = `the stored bytes ${key} are missing`;
  const message = isAbsent(error) ? missing : `object storage did not ${what} ${key}: ${whyOf(error)}`;
  return new NomalyError("STORAGE", message, { field: "blob_key", received: String(status ?? (error as Error).name) });
}
