/** Fields of requests with a body in Arrow, which are in the query instead of the body. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";

type Query = Readonly<Record<string, string | boolean | undefined>>;

/** @throws NomalyError REQUEST when the query lacks the field. */
export function arrowField(request: FastifyRequest, name: string): string {
  const value = (request.query as Query)[name];
  if (typeof value === "string") return value;
  throw new NomalyError("REQUEST", `a body in Arrow needs ${name} in the query`, { field: name });
}

/** Refuses fields in the query of a request with another body, where they would have no effect. */
export function refuseQuery(request: FastifyRequest): void {
  const name = Object.keys(request.query as Query).find((key) => (request.query as Query)[key] !== undefined);
  if (name === undefined) return;
  throw new NomalyError("REQUEST", `${name} belongs in the body; only a request with a body in Arrow has it in the query`, {
    field: name,
  });
}
