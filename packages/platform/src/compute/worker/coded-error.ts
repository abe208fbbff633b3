/** Turns errors of the engine and of libraries about full memory or a full disk into coded errors. */

import { NomalyError } from "@nomaly/detect";

/** Only the message shows it: the engine's errors have no codes, and DuckDB has none for this. */
const outOfMemory =
  /^(Out of Memory Error|Failed to query$|Array buffer allocation failed|Invalid (typed )?array( buffer)? length|Invalid string length|WebAssembly\.Memory.*)|bad_alloc|could not allocate/i;

/** Also true when the cause of a coded error is such an error. */
export function isMemoryFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return outOfMemory.test(error.message) || isMemoryFault(error.cause);
}

const fullDiskCodes: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && fullDiskCodes.has((error as NodeJS.ErrnoException).code);
}

export function codedError(error: unknown): unknown {
  if (isDiskFull(error)) {
    return new NomalyError("STORAGE", "the disk is full: there is no room for what the work writes", { cause: error });
  }
  if (error instanceof NomalyError || !(error instanceof Error) || !outOfMemory.test(error.message)) return error;
  const message = "the work takes more memory than a worker may have: give less at once, or raise memory_limit_bytes";
  return new NomalyError("TOO_LARGE", message, { field: "memory_limit_bytes", cause: error });
}
