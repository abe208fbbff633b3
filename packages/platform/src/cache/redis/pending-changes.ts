/** Keeps the changes that Redis has not received, until Redis has answered a call that carried them. */

import { randomUUID } from "node:crypto";
import { everythingTag } from "../../ids/tags.ts";
import type { Invalidation } from "../level2.ts";

export interface ChangesToSend {
  readonly changes: readonly Invalidation[];
  /** To be called when Redis has answered. Tags added after `all` stay pending. */
  arrived(): void;
}

export interface PendingChanges {
  add(changes: readonly Invalidation[]): void;
  all(): ChangesToSend;
  tagCount(): number;
}

interface Pending {
  readonly tags: Set<string>;
  /** The number of the latest `add` with this change. */
  addition: number;
}

/** @param tagCountMax with more tags than this, one change that invalidates everything replaces all. */
export function createPendingChanges(tagCountMax: number): PendingChanges {
  const pending = new Map<string, Pending>();
  let tagCount = 0;
  let additions = 0;

  function addOne({ changeId, tags }: Invalidation): void {
    const change = pending.get(changeId) ?? { tags: new Set<string>(), addition: 0 };
    const before = change.tags.size;
    for (const tag of tags) change.tags.add(tag);
    change.addition = additions;
    tagCount += change.tags.size - before;
    pending.set(changeId, change);
    if (tagCount <= tagCountMax) return;
    pending.clear();
    pending.set(randomUUID(), { tags: new Set([everythingTag]), addition: additions });
    tagCount = 1;
  }

  function arrived(changeIds: readonly string[], through: number): void {
    for (const changeId of changeIds) {
      const change = pending.get(changeId);
      if (change === undefined || change.addition > through) continue;
      pending.delete(changeId);
      tagCount -= change.tags.size;
    }
  }

  return {
    add(changes) {
      additions++;
      for (const change of changes) if (change.tags.length > 0) addOne(change);
    },
    all() {
      const through = additions;
      const changes = [...pending].map(([changeId, { tags }]) => ({ changeId, tags: [...tags] }));
      const changeIds = [...pending.keys()];
      return { changes, arrived: () => arrived(changeIds, through) };
    },
    tagCount: () => tagCount,
  };
}
