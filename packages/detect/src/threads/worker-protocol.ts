/** The messages between a pool and its workers, and how errors travel. */

import type { ErrorCode } from "../errors.ts";
import { NomalyError } from "../errors.ts";
import type { KernelSetName } from "../kernels/kernel-set.ts";

export interface TaskRequest {
  readonly id: number;
  readonly task: string;
  readonly kernels: KernelSetName;
  readonly input: unknown;
}

export type TaskReply =
  | { readonly id: number; readonly kind: "done"; readonly output: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: TravellingError };

export interface TravellingError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly stack: string | undefined;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly rowIndex: number | undefined;
}

export function packError(error: unknown): TravellingError {
  if (error instanceof NomalyError) {
    const { code, message, stack, field, expected, received, rowIndex } = error;
    return { code, message, stack, field, expected, received, rowIndex };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: null, message, stack, field: undefined, expected: undefined, received: undefined, rowIndex: undefined };
}

export function unpackError(packed: TravellingError): Error {
  if (packed.code === null) return new Error(packed.message, { cause: packed.stack });
  const { field, expected, received, rowIndex, stack } = packed;
  return new NomalyError(packed.code, packed.message, {
    ...(field === undefined ? {} : { field }),
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    ...(rowIndex === undefined ? {} : { rowIndex }),
    cause: stack,
  });
}
