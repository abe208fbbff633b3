/**
 * Receives the body of a request: a small one in memory, a large one in a temporary file until the request is over. So the memory of
 * the server does not grow with the size of bodies.
 */

import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";
import { bodyTooLarge } from "../answers/problem.ts";
import { whenOver } from "../gate/when-over.ts";

/** Disk space that bodies leave free: a database on the same disk needs some of it even to remove rows. */
const freeBytesMin = 96 * 1024 ** 2;
/** The free space is checked each time this many bytes have been written. */
const lookBytes = 8 * 1024 ** 2;

/** A body on disk. */
export interface SpooledBody {
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly checksum: string;
}

export interface BodyLimits {
  /** Larger bodies are refused. */
  readonly sizeBytesMax: number;
  /** Larger bodies go to disk. */
  readonly inMemoryBytesMax: number;
}

/** The request whose body it is; the file of the body is removed when its answer is over. */
type Taking = Pick<FastifyRequest, "headers" | "response">;

/** @throws NomalyError TOO_LARGE, STORAGE when the disk is nearly full, REQUEST when the body ends too early. */
export async function takeBody(
  request: Taking,
  content: AsyncIterable<Buffer>,
  limits: BodyLimits,
): Promise<Buffer | SpooledBody> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let spool: Spool | undefined;
  try {
    if (Number(request.headers["content-length"]) > limits.sizeBytesMax) throw bodyTooLarge(limits.sizeBytesMax);
    for await (const chunk of content) {
      sizeBytes += chunk.length;
      if (sizeBytes > limits.sizeBytesMax) throw bodyTooLarge(limits.sizeBytesMax);
      if (spool === undefined && sizeBytes > limits.inMemoryBytesMax) {
        spool = await openSpool(request);
        for (const earlier of chunks.splice(0)) await spool.add(earlier);
      }
      if (spool === undefined) chunks.push(chunk);
      else await spool.add(chunk);
    }
    return spool === undefined ? Buffer.concat(chunks) : await spool.finish();
  } catch (error) {
    await spool?.abandon();
    // The rest of the body is not read, so the connection cannot be used again.
    if (!request.response.headersSent) request.response.setHeader("connection", "close");
    throw spoolError(error);
  }
}

/** Writes a body to disk whatever its size, for a worker that reads it there. */
export async function spoolBytes(request: Taking, bytes: Buffer): Promise<SpooledBody> {
  const spool = await openSpool(request).catch((error: unknown) => Promise.reject(spoolError(error)));
  try {
    await spool.add(bytes);
    return await spool.finish();
  } catch (error) {
    await spool.abandon();
    throw spoolError(error);
  }
}

interface Spool {
  add(chunk: Buffer): Promise<void>;
  finish(): Promise<SpooledBody>;
  abandon(): Promise<void>;
}

async function openSpool({ response }: Taking): Promise<Spool> {
  const path = join(tmpdir(), `nomaly-body-${randomUUID()}`);
  await requireRoom();
  const file: FileHandle = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  // Also runs when the client leaves before its answer. A file that cannot be removed goes with the temporary folder.
  const remove = () => void rm(path, { force: true }).catch(() => undefined);
  whenOver(response, remove);
  return {
    async add(chunk) {
      hash.update(chunk);
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
      if (Math.floor((sizeBytes + chunk.length) / lookBytes) > Math.floor(sizeBytes / lookBytes)) await requireRoom();
      sizeBytes += chunk.length;
    },
    async finish() {
      await file.close();
      return { path, sizeBytes, checksum: hash.digest("hex") };
    },
    async abandon() {
      await file.close().catch(() => undefined);
      remove();
    },
  };
}

/** @throws NomalyError STORAGE. */
async function requireRoom(): Promise<void> {
  const disk = await statfs(tmpdir()).catch(() => undefined);
  if (disk === undefined || disk.bavail * disk.bsize >= freeBytesMin) return;
  throw new NomalyError("STORAGE", "the disk is nearly full: it has no room for the body", { field: "body" });
}

function spoolError(error: unknown): unknown {
  if (error instanceof NomalyError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new NomalyError("STORAGE", "the disk is full: it has no room for the body", { field: "body", cause: error });
  }
  return new NomalyError("REQUEST", `the body cannot be read: ${message}`, { field: "body", cause: error });
}
