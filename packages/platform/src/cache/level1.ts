/** Level 1: the cache in this process's memory, limited in bytes and time. */

import { LRUCache } from "lru-cache";
import type { Clock } from "../pools/resource-pool.ts";
import type { Generations } from "./generations.ts";
import type { CacheEntry } from "./keys.ts";
import { counter, gauge, type StatsOf } from "../watch/metric-kinds.ts";

export interface Level1Options {
  readonly bytesMax: number;
  readonly generations: Generations;
  readonly clock: Clock;
}

export const level1Metrics = {
  entryCount: gauge("Entries in memory", { name: "entries" }),
  sizeBytes: gauge("Bytes of the entries in memory"),
  bytesMax: gauge("The most bytes of entries in memory, as set"),
  evictions: counter("Entries evicted to make room for others"),
  tooLarge: counter("Values too large for level 1"),
};
type Level1Stats = StatsOf<typeof level1Metrics>;

/** `value` is undefined for a value that is known not to exist. */
export interface Found {
  readonly value: unknown;
}

export interface Kept {
  readonly value: unknown;
  /** The generation before the value was read: a later invalidation of its tags makes it stale. */
  readonly generation: number;
  readonly expiresAt: number;
  readonly sizeBytes: number;
}

export interface Level1 {
  get(key: string): Found | undefined;
  /** Does nothing for a value that is stale, expired or too large. */
  set(entry: CacheEntry, kept: Kept): void;
  clear(): void;
  stats(): Level1Stats;
}

interface Slot extends Kept {
  readonly tags: readonly string[];
}

/** The largest share of the memory for one value, so that it does not evict all others. */
const valueShareMax = 1 / 4;
/** The memory of an entry beside its value and its key: slot, tags, place in the LRU list. */
const slotBytes = 400;

export function createLevel1({ bytesMax, generations, clock }: Level1Options): Level1 {
  let evictions = 0;
  let tooLarge = 0;
  const slots = new LRUCache<string, Slot>({
    maxSize: bytesMax,
    sizeCalculation: ({ sizeBytes }) => sizeBytes,
    dispose: (_slot, _key, reason) => {
      if (reason === "evict") evictions++;
    },
  });

  function get(key: string): Found | undefined {
    const slot = slots.get(key);
    if (slot === undefined) return undefined;
    if (clock.now() < slot.expiresAt && generations.isCurrent(slot.generation, slot.tags)) return slot;
    slots.delete(key);
    return undefined;
  }

  function set({ key, tags }: CacheEntry, kept: Kept): void {
    if (clock.now() >= kept.expiresAt || !generations.isCurrent(kept.generation, tags)) return;
    const sizeBytes = kept.sizeBytes + slotBytes + 2 * key.length;
    if (sizeBytes <= bytesMax * valueShareMax) return void slots.set(key, { ...kept, tags, sizeBytes });
    tooLarge++;
    slots.delete(key);
  }

  return {
    get,
    set,
    clear: () => slots.clear(),
    stats: () => ({ entryCount: slots.size, sizeBytes: slots.calculatedSize, bytesMax, evictions, tooLarge }),
  };
}
