/** How errors travel between threads and processes: as plain values, and back. */

import { type ErrorCode, type ErrorDetails, type MessagePart, NomalyError } from "./errors.ts";

/** An error as plain data: a coded one with its parts, another with its message. */
export interface TravellingError extends Omit<ErrorDetails, "cause"> {
  /** Null for errors without a code, which are bugs. */
  readonly code: ErrorCode | null;
  /** The text of an error without a code. */
  readonly message: string;
  /** The parts of a coded error's message. */
  readonly parts: readonly MessagePart[];
  /** Where it was thrown. */
  readonly stack: string | undefined;
}

/** The error as plain data, for a message to another thread. */
export function packError(error: unknown): TravellingError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof NomalyError)) return { code: null, message, parts: [], stack };
  const { code, travellingParts: parts, field, expected, received, rowIndex } = error;
  return { code, message, parts, stack, field, expected, received, rowIndex };
}

/** Its cause is the stack that it had where it was thrown. */
export function unpackError({ code, message, parts, stack, ...details }: TravellingError): Error {
  if (code === null) return new Error(message, { cause: stack });
  return new NomalyError(code, parts, { ...details, cause: stack });
}
