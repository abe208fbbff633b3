/** Removes the blob that was written for a row when the row was certainly not stored. */

import type { NewModelVersion } from "../../store/tables/model-versions.ts";
import type { ServiceContext } from "./context.ts";

/** @param work stores the row that names the content, and calls `commits` when only the commit is left to do. */
export async function withPlacedContent<Value>(
  { blobs }: Pick<ServiceContext, "blobs">,
  content: NewModelVersion["content"],
  work: (commits: () => void) => Promise<Value>,
): Promise<Value> {
  // True once an error no longer means that the row was not stored.
  let mayBeNamed = false;
  try {
    return await work(() => (mayBeNamed = true));
  } finally {
    // Maintenance removes the blob later if this fails.
    if (!mayBeNamed && "blobKey" in content) await blobs.remove(content.blobKey).catch(() => undefined);
  }
}
