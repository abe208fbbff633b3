/**
 * Changes that this process has applied. One change is told to it by PostgreSQL, by Redis, by the table of changes and by the
 * service that made it; what was cached after the first of these is right, and must not be dropped by the others.
 */

import type { Invalidation } from "./level2.ts";

export interface SeenChanges {
  /** The tags of the change that were not applied yet; they are from now on. */
  newTagsOf(change: Invalidation): readonly string[];
}

/** @param tagCountMax above it the oldest are forgotten: whoever tells of those again has them applied again. */
export function createSeenChanges(tagCountMax: number): SeenChanges {
  /** Oldest first. One change may come in parts, so it is seen tag by tag. */
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
