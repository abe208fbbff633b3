/** How errors travel between threads and processes: as plain values, and back. */

import { type ErrorCode, type ErrorDetails, type MessagePart, NomalyError } from "./errors.ts";

export interface TravellingError extends Omit<ErrorDetails, "cause"> {
  /** Null for errors without a code, which are bugs. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly parts: readonly MessagePart[];
  readonly stack: string | undefined;
}

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
