/** How errors travel between threads and processes: as plain values, and back. */

import { type ErrorCode, type ErrorDetails, type MessagePart, NomalyError } from "./errors.ts";

interface CodedError extends Omit<ErrorDetails, "cause"> {
  readonly code: ErrorCode;
  readonly parts: readonly MessagePart[];
  readonly stack: string | undefined;
}

/** An error without a code is a bug. */
export type TravellingError = CodedError | { readonly code: null; readonly message: string; readonly stack: string | undefined };

export function packError(error: unknown): TravellingError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof NomalyError)) return { code: null, message, stack };
  const { code, parts, field, expected, received, rowIndex } = error;
  return { code, parts, stack, field, expected, received, rowIndex };
}

/** Its cause is the stack that it had where it was thrown. */
export function unpackError(packed: TravellingError): Error {
  if (packed.code === null) return new Error(packed.message, { cause: packed.stack });
  const { code, parts, stack, ...details } = packed;
  return new NomalyError(code, parts, { ...details, cause: stack });
}
