/** Sends the error of a request to its client, and logs faults of the service. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { problemOf, problemType } from "./problem.ts";

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A time limit aborts the work; the client gets the time limit as the reason.
  const isAborted = error instanceof NomalyError && error.code === "ABORTED";
  const reason: unknown = isAborted ? request.stopSignal.reason : undefined;
  const { problem, status, retryAfterSeconds, isInternal } = problemOf(
    reason instanceof NomalyError ? reason : error,
    request.id,
  );
  if (isInternal) request.log.error({ err: error, request_id: request.id }, "a request failed by a fault of the service");
  else if (status >= 500 && status !== 503) request.log.warn({ err: error, request_id: request.id }, "a request failed");
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  return reply.code(status).type(problemType).send(JSON.stringify(problem));
}
