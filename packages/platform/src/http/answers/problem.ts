/** Turns errors into answers of type `application/problem+json` (RFC 9457) with our codes. */

import { type ErrorCode, errorCodes, NomalyError } from "@nomaly/detect";
import { retryAfterSecondsOf } from "../../compute/fault-details.ts";
import type { Problem } from "../schemas/shared.ts";

export const problemType = "application/problem+json";

const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  PARAM: 400,
  SHAPE: 422,
  NOT_FINITE: 422,
  TOO_FEW_ROWS: 422,
  COLUMN: 422,
  LABEL: 422,
  UNKNOWN_DETECTOR: 400,
  MODEL_FILE: 500,
  UNSUPPORTED: 422,
  // The client has left and reads no answer; servers log such requests as 499.
  ABORTED: 499,
  WORKER: 503,
  FILE_NOT_FOUND: 404,
  FILE_READ: 422,
  FILE_FORMAT: 422,
  FILE_WRITE: 507,
  USAGE: 400,
  CONFIG: 500,
  REQUEST: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  QUOTA: 507,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  OVERLOADED: 503,
  TIMEOUT: 503,
  DATABASE: 503,
  POOL_TIMEOUT: 503,
  OUTGOING: 502,
  STORAGE: 507,
};

/** Seconds after which the client is asked to retry a passing error that gives no time itself. */
const usualRetrySeconds: Partial<Readonly<Record<ErrorCode, number>>> = {
  OVERLOADED: 1,
  RATE_LIMITED: 1,
  DATABASE: 2,
  POOL_TIMEOUT: 2,
  TIMEOUT: 5,
  WORKER: 1,
};

export interface ProblemReply {
  readonly problem: Problem;
  readonly status: number;
  /** For the header Retry-After; the detail gives the same time. */
  readonly retryAfterSeconds: number | undefined;
  /** A fault of the service: its cause is logged and not sent to the client. */
  readonly isInternal: boolean;
}

export function problemOf(error: unknown, requestId: string): ProblemReply {
  const known = asNomalyError(error);
  if (known === undefined) {
    const detail = "an error inside the service; its log has the cause under this request_id";
    const problem = { ...shell("INTERNAL", "an error inside the service", 500), detail, request_id: requestId };
    return { problem, status: 500, retryAfterSeconds: undefined, isInternal: true };
  }
  const { code, message, rowIndex } = known.error;
  const status = known.status ?? statusOf(known.error);
  const retryAfterSeconds = retryAfterSecondsOf(known.error) ?? usualRetrySeconds[code] ?? (status === 503 ? 5 : undefined);
  // Every client error names a field; "request" where the error names none.
  const field = known.error.field ?? (status < 500 ? "request" : undefined);
  const problem: Problem = {
    ...shell(code, errorCodes[code], status),
    detail: detailOf(message, retryAfterSeconds),
    ...(field === undefined ? {} : { field }),
    ...(rowIndex === undefined ? {} : { row_index: rowIndex }),
    request_id: requestId,
  };
  return { problem, status, retryAfterSeconds, isInternal: status === 500 };
}

/** @param retryAfterSeconds the value of the header Retry-After, if there is one. */
export function detailOf(message: string, retryAfterSeconds: number | undefined): string {
  return retryAfterSeconds === undefined ? message : `${message}; try again in ${retryAfterSeconds} s`;
}

function statusOf({ code, field }: NomalyError): number {
  // A failed precondition has its own status (RFC 9110, section 13).
  if (code === "CONFLICT" && field === "if-match") return 412;
  // An uploaded file is the client's; a stored one that cannot be read is a fault here.
  if (code === "MODEL_FILE" && field === "body") return 422;
  // Without the key set of the issuer, the service cannot check the token of the caller.
  if (code === "OUTGOING" && field === "jwks_url") return 503;
  return statusOfCode[code];
}

function shell(code: string, title: string, status: number): Pick<Problem, "type" | "title" | "status" | "code"> {
  return { type: `urn:nomaly:error:${code.toLowerCase()}`, title, status, code };
}

interface FrameworkError extends Error {
  readonly statusCode?: number;
  readonly code?: string;
}

interface Known {
  readonly error: NomalyError;
  /** Set where the status differs from that of the code. */
  readonly status?: number;
}

/** Turns the web framework's 4xx errors into ours; undefined for other errors, which are faults of the service. */
function asNomalyError(error: unknown): Known | undefined {
  if (error instanceof NomalyError) return { error };
  const { statusCode, code = "", message } = error as FrameworkError;
  if (typeof statusCode !== "number" || statusCode < 400 || statusCode >= 500) return undefined;
  if (statusCode === 413) return { error: bodyTooLarge() };
  if (statusCode === 414) {
    const error = new NomalyError("TOO_LARGE", "a part of the path is longer than any name or id", { field: "path" });
    return { error, status: statusCode };
  }
  if (code === "FST_ERR_BAD_URL") {
    return { error: new NomalyError("REQUEST", "the path has an invalid percent encoding", { field: "path" }) };
  }
  const field = statusCode === 415 ? "content-type" : statusCode === 404 ? "path" : "body";
  return { error: new NomalyError(statusCode === 404 ? "NOT_FOUND" : "REQUEST", message, { field }), status: statusCode };
}

export function bodyTooLarge(sizeBytesMax?: number): NomalyError {
  const limit = sizeBytesMax === undefined ? "" : `, which is ${sizeBytesMax} bytes`;
  const message = `the body is larger than this path accepts${limit}: send many rows as a file to POST /api/datasets`;
  const expected = sizeBytesMax === undefined ? {} : { expected: `at most ${sizeBytesMax} bytes` };
  return new NomalyError("TOO_LARGE", message, { field: "body", ...expected });
}
