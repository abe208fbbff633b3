/** Removes the bytes that were placed among the blobs for a row, unless the row may be there. */

import type { ServiceContext } from "./context.ts";

type Content = { readonly blobKey: string } | { readonly fileBytes: Uint8Array };

/** @param work stores the row that names the content, and says so when nothing but the commit is left to do. */
export async function withPlacedContent<Value>(
  { blobs }: Pick<ServiceContext, "blobs">,
  content: Content,
  work: (commits: () => void) => Promise<Value>,
): Promise<Value> {
  // From then on an error no longer says that the row is not there.
  let mayBeNamed = false;
  try {
    return await work(() => (mayBeNamed = true));
  } finally {
    // Bytes that cannot be removed now are found by upkeep.
    if (!mayBeNamed && "blobKey" in content) await blobs.remove(content.blobKey).catch(() => undefined);
  }
}
