/** What engine and libraries throw where memory is short, as one of our errors. */

import { NomalyError } from "@nomaly/detect";

/** By these words alone can it be told: the engine gives its errors no codes, DuckDB none for this. */
const outOfMemory =
  /^(Out of Memory Error|Array buffer allocation failed|Invalid (typed )?array( buffer)? length|Invalid string length|WebAssembly\.Memory.*)|bad_alloc|could not allocate/i;

export function codedError(error: unknown): unknown {
  if (error instanceof NomalyError || !(error instanceof Error) || !outOfMemory.test(error.message)) return error;
  const message = "the work takes more memory than a worker may have: give less at once, or raise memory_limit_bytes";
  return new NomalyError("TOO_LARGE", message, { field: "memory_limit_bytes", cause: error });
}
