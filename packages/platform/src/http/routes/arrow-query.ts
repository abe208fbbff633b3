/** Fields of requests whose body is an Arrow stream: they stand in the query, and nowhere else. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyRequest } from "fastify";

type Query = Readonly<Record<string, string | boolean | undefined>>;

/** @throws NomalyError REQUEST when it is not there. */
export function arrowField(request: FastifyRequest, name: string): string {
  const value = (request.query as Query)[name];
  if (typeof value === "string") return value;
  throw new NomalyError("REQUEST", `a body in Arrow needs ${name} in the query`, { field: name });
}

/** What stood in the query of another request would be without effect. */
export function refuseQuery(request: FastifyRequest): void {
  const name = Object.keys(request.query as Query).find((key) => (request.query as Query)[key] !== undefined);
  if (name === undefined) return;
  throw new NomalyError("REQUEST", `${name} stands in the body; the query is for bodies in Arrow`, { field: name });
}
