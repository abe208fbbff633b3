/** A large body: it stays on disk until a worker reads it, since parsing it here would delay all other requests. */

import type { FastifyRequest } from "fastify";
import type { BodyGiven } from "../../compute/work.ts";
import type { SpooledBody } from "./spool-body.ts";

/** Parsing a larger body on this thread would delay other requests by milliseconds. */
export const largeBodyBytesMin = 256 * 1024;

/** Largest body of rows on paths that take no large bodies; clients send more rows as a data set. */
export const smallBodyBytes = 8 * 1024 ** 2;

export const arrowMediaType = "application/vnd.apache.arrow.stream";
/** Unlike a stream, a file begins with a mark, and ends with a list of its batches. */
export const arrowFileMediaType = "application/vnd.apache.arrow.file";

export class LargeBody {
  readonly given: BodyGiven;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly checksum: string;

  constructor({ path, sizeBytes, checksum }: SpooledBody, format: BodyGiven["format"]) {
    this.given = { kind: "body", path, sizeBytes, format };
    this.checksum = checksum;
  }
}

/** Whether the client asks for an Arrow answer. A worker encodes it, and so a worker reads the body, too. */
export function wantsArrow(request: FastifyRequest): boolean {
  return request.headers.accept?.includes(arrowMediaType) === true;
}

/** Whether the client asks for Arrow where there are files only: whoever asks for a stream gets a file, whose type says so. */
export function wantsArrowFile(request: FastifyRequest): boolean {
  return wantsArrow(request) || request.headers.accept?.includes(arrowFileMediaType) === true;
}
