/** Turns what PostgreSQL and its driver say into our codes. Knows SQLSTATE, never texts. */

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

/** Class 22: text with a NUL character, a number that its column cannot hold. Only what a caller sent can be so. */
const dataException = /^22...$/;

/** SQLSTATE classes and codes that pass by themselves: lost connections, shut-downs, deadlocks, serialisation failures. */
const passing = /^(08...|57P0[1-3]|40001|40P01|53...)$/;
const driverCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);

export function databaseError(cause: unknown): NomalyError {
  if (cause instanceof NomalyError) return cause;
  const { code, message, table, constraint } = cause as DriverError;
  if (code === uniqueViolation)
    return new NomalyError("CONFLICT", `there is already one of these in ${table ?? "the table"}`, details(constraint, cause));
  if (code === foreignKeyViolation)
    return new NomalyError("NOT_FOUND", `what ${table ?? "the row"} refers to is not there`, details(constraint, cause));
  if (code === queryCanceled || code === lockNotAvailable) {
    return new NomalyError("TIMEOUT", "the database did not finish the statement in time", details("database", cause));
  }
  if (code === diskFull) return diskFullError(cause);
  if (dataException.test(code ?? "")) {
    return new NomalyError("REQUEST", `a value cannot be stored: ${message}`, details(undefined, cause));
  }
  // Of several addresses that all refuse, the driver's error has a code and no text.
  return new NomalyError("DATABASE", `the database failed: ${message === "" ? code : message}`, details("database", cause));
}

/** @param cause what the database, or its driver, said. */
export function diskFullError(cause: unknown): NomalyError {
  const message =
    "the disk of the database is full: nothing was stored; remove data sets, results or detectors, or give the disk more room";
  return new NomalyError("STORAGE", message, details("database", cause));
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

/** True when others had the locks it wanted: it gave up, or was chosen to. */
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

/** True when no statement would get through; that is said once for all, not for each that failed. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof NomalyError)) return false;
  return error.code === "POOL_TIMEOUT" || (error.code === "DATABASE" && isConnectionLost(error.cause ?? {}));
}

function details(field: string | undefined, cause: unknown): { field?: string; cause: unknown } {
  return field === undefined ? { cause } : { field, cause };
}
