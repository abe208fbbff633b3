/** What every route needs: the call that a service gets, and replies that all routes can give. */

import { createHash } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Call } from "../../services/context.ts";
import { Id, strict } from "../schemas/shared.ts";

export const IdParams = Type.Object({ id: Id }, strict);

/** The errors that any route may answer with. */
export const problems = {
  "4xx": { description: "the request is at fault", content: { "application/problem+json": { schema: Type.Ref("Problem") } } },
  "5xx": {
    description: "the service is at fault, or has too much to do",
    content: { "application/problem+json": { schema: Type.Ref("Problem") } },
  },
};

export function callOf(request: FastifyRequest): Call {
  return { actor: request.caller.actor, requestId: request.id, signal: request.stopSignal, idempotency: idempotencyOf(request) };
}

const keyLengthMax = 200;

function idempotencyOf(request: FastifyRequest): Call["idempotency"] {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key === "" || key.length > keyLengthMax) {
    throw new NomalyError("REQUEST", `idempotency-key must be one text of 1 to ${keyLengthMax} letters`, {
      field: "idempotency-key",
    });
  }
  const hash = createHash("sha256").update(`${request.method} ${request.routeOptions.url ?? ""}\n`);
  hash.update(typeof request.body === "object" ? JSON.stringify(request.body) : "");
  return { key, requestHash: hash.digest("hex") };
}
