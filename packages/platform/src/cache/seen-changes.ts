/**
 * Remembers the changes that this process has applied. PostgreSQL, Redis, the table of invalidations and the service that made the
 * change may all report it; values cached after the first report are fresh, and the later reports must not drop them.
 */

import type { Invalidation } from "./level2.ts";

export interface SeenChanges {
  /** The tags of the change that were not applied before; marks them as applied. */
  newTagsOf(change: Invalidation): readonly string[];
}

/** @param tagCountMax with more tags than this, the oldest changes are forgotten, and applied again when they are reported again. */
export function createSeenChanges(tagCountMax: number): SeenChanges {
  /** By change id, oldest first. One change may arrive in parts, so its tags are remembered. */
  const seen = new Map<string, Set<string>>();
  let tagCount = 0;

  function forgetOldest(): void {
    for (const [changeId, tags] of seen) {
      if (tagCount <= tagCountMax) return;
      seen.delete(changeId);
      tagCount -= tags.size;
    }
  }

  return {
    newTagsOf({ changeId, tags }) {
      const known = seen.get(changeId) ?? new Set<string>();
      const fresh = tags.filter((tag) => !known.has(tag));
      if (fresh.length === 0) return fresh;
      const before = known.size;
      for (const tag of fresh) known.add(tag);
      tagCount += known.size - before;
      seen.set(changeId, known);
      forgetOldest();
      return fresh;
    },
  };
}
