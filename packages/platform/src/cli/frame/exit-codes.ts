/** Maps errors to exit codes, by their code alone, so that reporting an error loads no other module. */

import type { ErrorCode } from "@nomaly/detect";

export const exitCodes = {
  0: "success",
  1: "an error inside nomaly",
  2: "the command line is wrong: command, option, algorithm or parameter",
  3: "the input is missing, damaged or unsuitable",
  4: "the output cannot be written",
  5: "the command did its work, and found something that must be done: nomaly db, or a limit that a load test missed",
  130: "stopped by Ctrl-C (143: by SIGTERM, 129: by SIGHUP)",
} as const;

const codeToExit: Readonly<Record<ErrorCode, number>> = {
  USAGE: 2,
  PARAM: 2,
  UNKNOWN_DETECTOR: 2,
  UNSUPPORTED: 2,
  SHAPE: 3,
  NOT_FINITE: 3,
  TOO_FEW_ROWS: 3,
  COLUMN: 3,
  LABEL: 3,
  MODEL_FILE: 3,
  FILE_NOT_FOUND: 3,
  FILE_READ: 3,
  FILE_FORMAT: 3,
  FILE_WRITE: 4,
  ABORTED: 130,
  WORKER: 1,
  CONFIG: 2,
  REQUEST: 2,
  NOT_FOUND: 3,
  CONFLICT: 3,
  TOO_LARGE: 3,
  QUOTA: 4,
  UNAUTHENTICATED: 3,
  FORBIDDEN: 3,
  RATE_LIMITED: 1,
  OVERLOADED: 1,
  TIMEOUT: 1,
  DATABASE: 1,
  POOL_TIMEOUT: 1,
  OUTGOING: 1,
  STORAGE: 4,
};

/** An error of the command line, found before the library is loaded. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "USAGE";
}

/** The command did its work and showed what came of it, and the user has something to do. */
export class TodoError extends Error {
  override readonly name = "TodoError";
}

export interface CodedError extends Error {
  readonly code: ErrorCode;
}

export function isCoded(error: unknown): error is CodedError {
  return error instanceof Error && "code" in error && Object.hasOwn(codeToExit, String(error.code)) && error.name !== "Error";
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof TodoError) return 5;
  return isCoded(error) ? codeToExit[error.code] : 1;
}
