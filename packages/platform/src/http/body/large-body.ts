/** A body that is too large to be read on the thread that serves everybody: it lies on disk as it came, and is read where it is used. */

import type { FastifyRequest } from "fastify";
import type { BodyGiven } from "../../compute/work.ts";
import type { SpooledBody } from "./spool-body.ts";

/** Reading more than this would hold up others by milliseconds. */
export const largeBodyBytesMin = 256 * 1024;

/** Most that is read on this thread, where a path takes no large bodies: more rows come as a data set. */
export const smallBodyBytes = 8 * 1024 ** 2;

export const arrowMediaType = "application/vnd.apache.arrow.stream";

export class LargeBody {
  readonly given: BodyGiven;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly checksum: string;

  constructor({ path, sizeBytes, checksum }: SpooledBody, format: BodyGiven["format"]) {
    this.given = { kind: "body", path, sizeBytes, format };
    this.checksum = checksum;
  }
}

/** What answers in Arrow encodes in a worker, and so reads there too. */
export function wantsArrow(request: FastifyRequest): boolean {
  return request.headers.accept?.includes(arrowMediaType) === true;
}
