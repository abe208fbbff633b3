/** A body that is too large to be read on the thread that serves everybody: handed on as it came, and read where it is used. */

import type { FastifyRequest } from "fastify";
import type { BodyGiven } from "../compute/work.ts";

/** Reading more than this would hold up others by milliseconds. */
export const largeBodyBytesMin = 256 * 1024;

export const arrowMediaType = "application/vnd.apache.arrow.stream";

export class LargeBody {
  readonly given: BodyGiven;

  constructor(bytes: Uint8Array, format: BodyGiven["format"]) {
    this.given = { kind: "body", bytes, format };
  }
}

export function mayBeLarge(request: FastifyRequest): boolean {
  return request.routeOptions.config.takesLargeBodies === true;
}
