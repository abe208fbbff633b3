/** A model file as the body of a request: it lies on disk, and only worker processes read it. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";
import { uploadIdleMsMax } from "../gate/guard.ts";
import { type SpooledBody, spoolBytes, takeBody } from "./spool-body.ts";

export const modelMediaType = "application/vnd.nomaly.model";
/** What programs send that know no better name. */
export const bytesMediaType = "application/octet-stream";

export class ModelBody {
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly checksum: string;

  constructor({ path, sizeBytes, checksum }: SpooledBody) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.checksum = checksum;
  }
}

/** @throws NomalyError TOO_LARGE, STORAGE, REQUEST. */
export async function takeModel(
  request: FastifyRequest,
  content: AsyncIterable<Buffer>,
  sizeBytesMax: number,
): Promise<ModelBody> {
  try {
    const body = await takeBody(request, arriving(content, request), { sizeBytesMax, inMemoryBytesMax: -1 });
    return new ModelBody(Buffer.isBuffer(body) ? await spoolBytes(request, body) : body);
  } catch (error) {
    if (!(error instanceof NomalyError) || error.code !== "TOO_LARGE") throw error;
    const message = `the model file is larger than the ${sizeBytesMax} bytes that this server takes: raise memory_limit_bytes, or upload_bytes where that is the smaller limit`;
    throw error.retold({ message });
  }
}

/** Extends the time limit with each chunk that arrives. */
async function* arriving(content: AsyncIterable<Buffer>, { deadline }: FastifyRequest): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    if (deadline !== undefined) deadline.at = Math.max(deadline.at, performance.now() + uploadIdleMsMax);
    yield chunk;
  }
}
