/** Turns errors of PostgreSQL and its driver into our coded errors, by SQLSTATE and never by text. */

import { NomalyError } from "@nomaly/detect";

interface DriverError extends Error {
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
}

const uniqueViolation = "23505";
const foreignKeyViolation = "23503";
const queryCanceled = "57014";
const lockNotAvailable = "55P03";
const deadlockDetected = "40P01";
const diskFull = "53100";

/** Class 22: text with a NUL character, or a number that its column cannot hold. Only values from a caller cause these. */
const dataException = /^22...$/;

/** SQLSTATEs after which a later try may succeed: lost connections, shut-downs, deadlocks, serialisation failures, full disks. */
const passing = /^(08...|57P0[1-3]|40001|40P01|53...)$/;
const driverCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);

export function databaseError(cause: unknown): NomalyError {
  if (cause instanceof NomalyError) return cause;
  const { code, message, table, constraint } = cause as DriverError;
  if (code === uniqueViolation)
    return new NomalyError("CONFLICT", `${table ?? "the table"} already has a row with this key`, { field: constraint, cause });
  if (code === foreignKeyViolation)
    return new NomalyError("NOT_FOUND", `${table ?? "the row"} refers to a row that does not exist`, {
      field: constraint,
      cause,
    });
  if (code === queryCanceled || code === lockNotAvailable) {
    return new NomalyError("TIMEOUT", "the database did not finish the statement in time", { field: "database", cause });
  }
  if (code === diskFull) return diskFullError(cause);
  if (dataException.test(code ?? "")) {
    return new NomalyError("REQUEST", `a value cannot be stored: ${message}`, { cause });
  }
  // When several addresses all refuse, the driver's error has a code and no text.
  return new NomalyError("DATABASE", `the database failed: ${message === "" ? code : message}`, { field: "database", cause });
}

export function diskFullError(cause: unknown): NomalyError {
  const message =
    "the disk of the database is full: nothing was stored; remove data sets, results or detectors, or give the disk more room";
  return new NomalyError("STORAGE", message, { field: "database", cause });
}

/** True when the same statement may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof NomalyError && error.code === "STORAGE" && error.field === "database") return true;
  const cause = error instanceof NomalyError ? error.cause : error;
  if (error instanceof NomalyError && error.code === "POOL_TIMEOUT") return true;
  const code = (cause as DriverError | undefined)?.code;
  if (code === undefined) return error instanceof NomalyError && error.code === "DATABASE";
  return passing.test(code) || driverCodes.has(code);
}

/** True when the statement gave up waiting for a lock, or PostgreSQL ended it to resolve a deadlock. */
export function isLockConflict(error: unknown): boolean {
  const code = ((error as NomalyError).cause as DriverError | undefined)?.code;
  return code === lockNotAvailable || code === deadlockDetected;
}

/** True when the connection is of no further use. */
export function isConnectionLost(cause: unknown): boolean {
  const code = (cause as DriverError).code;
  // The driver's own errors ("Connection terminated") carry no code at all.
  return code === undefined || driverCodes.has(code) || /^(08|57P0)/.test(code);
}

/** True when no statement reaches the database: the service logs this once, not for each statement that fails. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof NomalyError)) return false;
  return error.code === "POOL_TIMEOUT" || (error.code === "DATABASE" && isConnectionLost(error.cause ?? {}));
}
