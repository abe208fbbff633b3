/** Invalidations that have not reached level 2: kept until a call that carried them was answered. */

import { everythingTag } from "./keys.ts";

export interface Batch {
  readonly tags: readonly string[];
  /** To be called when the server has answered. A tag added meanwhile stays: its change may be younger than the call. */
  arrived(): void;
}

export interface PendingTags {
  add(tags: readonly string[]): void;
  /** All that is pending now. */
  batch(): Batch;
  count(): number;
}

/** @param tagCountMax above it, one invalidation of everything stands for all. */
export function createPendingTags(tagCountMax: number): PendingTags {
  /** Tag to the number of its latest addition. */
  const pending = new Map<string, number>();
  let additions = 0;

  return {
    add(tags) {
      additions++;
      for (const tag of tags) pending.set(tag, additions);
      if (pending.size <= tagCountMax) return;
      pending.clear();
      pending.set(everythingTag, additions);
    },
    batch() {
      const through = additions;
      const tags = [...pending.keys()];
      return {
        tags,
        arrived() {
          for (const tag of tags) if ((pending.get(tag) ?? Infinity) <= through) pending.delete(tag);
        },
      };
    },
    count: () => pending.size,
  };
}
