/**
 * A cache of two levels: memory, then Redis. When neither has a value, or Redis does not answer, the value is loaded.
 *
 * No caller gets a stale value once its tags are invalidated: level 1 compares generations, level 2 stamps of the tags, and no later
 * caller joins a load that began before the invalidation.
 */

import { randomUUID } from "node:crypto";
import { throwIfAborted } from "@nomaly/detect";
import { everythingTag } from "../ids/tags.ts";
import type { Clock } from "../pools/resource-pool.ts";
import { createBackgroundWrites } from "./redis/background-writes.ts";
import { createCounts, type CacheStats } from "./cache-stats.ts";
import { decodeValue, encodeValue } from "./codec.ts";
import { createFlights } from "./flights.ts";
import { createGenerations } from "./generations.ts";
import type { CacheEntry } from "./keys.ts";
import { cacheKinds, level1TtlMsMax, negativeTtlMs, type CacheKind } from "./kinds.ts";
import { createLevel1, type Found } from "./level1.ts";
import type { Invalidation, Level2, Stamp } from "./level2.ts";
import { measureValue } from "./measure-value.ts";
import { createSeenChanges } from "./seen-changes.ts";
import { startSweep, type PendingInvalidations } from "./sweep.ts";

export interface Answer<T> {
  readonly value: T | undefined;
  readonly from: "level1" | "level2" | "load";
}

/** Its signal fires when every waiting caller has gone. */
export type Load<T> = (signal: AbortSignal) => Promise<T | undefined>;

export interface Cache {
  /**
   * The cached value, or else the result of `load`, which callers that ask at the same time share. `undefined` means that the value
   * does not exist, and is kept for a short time. Values are JSON or Uint8Array, and shared: no caller may change them.
   *
   * @param signal ends the waiting of this caller only.
   * @throws the error of `load`, which is not cached; NomalyError ABORTED by the signal.
   */
  get<T>(entry: CacheEntry, load: Load<T>, signal?: AbortSignal): Promise<Answer<T>>;
  /** The entry in level 1, if it is there. */
  peek<T>(kind: CacheKind, key: string): { readonly value: T | undefined } | undefined;
  /** Stores a value of a kind with `keyPinsValue`; of other kinds a change during the load could make it stale. */
  put(entry: CacheEntry, value: unknown): void;
  /**
   * To be called after the commit of a change. False when Redis is down: the other processes are told later. Never rejects.
   * @param changeId the same in later messages about this change, which then do not drop values cached since.
   */
  invalidate(tags: readonly string[], changeId?: string): Promise<boolean>;
  /** Empties level 1, because messages about changes may have been missed. */
  dropLocal(): void;
  stats(): CacheStats;
  /** Aborts loads, finishes the writes under way, then closes Redis. */
  close(): Promise<void>;
}

export interface CacheOptions {
  readonly level1BytesMax?: number;
  /** Closed with the cache. */
  readonly level2?: Level2 | undefined;
  /** Overrides the times of `cacheKinds`. */
  readonly ttlMs?: Partial<Readonly<Record<CacheKind, number>>>;
  /** The longest life of an entry in level 1. */
  readonly level1TtlMs?: number;
  /** Invalidations that are stored with their changes, in case a process ends between commit and `invalidate`. */
  readonly pendingInvalidations?: PendingInvalidations | undefined;
  readonly sweepMs?: number;
  /**
   * Called before a change that another process announced is applied: later loads must not read from a replica that lacks the change.
   * Not called for `invalidate`.
   */
  readonly onForeignChange?: () => void;
  readonly clock?: Clock;
}

const cacheDefaults = {
  level1BytesMax: 64 * 1024 * 1024,
  level1TtlMs: level1TtlMsMax,
  sweepMs: 5000,
} as const;

/** The largest value before compression. */
const valueBytesMax = 32 * 1024 * 1024;
const generationTagCountMax = 100_000;
const seenTagCountMax = 100_000;
const writeCountMax = 64;
const writeBytesMax = 64 * 1024 * 1024;

export function createCache(options: CacheOptions = {}): Cache {
  const { level2, clock = performance, ttlMs = {}, pendingInvalidations } = options;
  const { level1BytesMax, level1TtlMs, sweepMs } = { ...cacheDefaults, ...options };
  const generations = createGenerations(generationTagCountMax);
  const level1 = createLevel1({ bytesMax: level1BytesMax, generations, clock });
  const flights = createFlights<Answer<unknown>>();
  const writes = createBackgroundWrites(writeCountMax, writeBytesMax);
  const seen = createSeenChanges(seenTagCountMax);
  const counts = createCounts();

  function ttlOf(kind: CacheKind, value: unknown): number {
    const ttl = ttlMs[kind] ?? cacheKinds[kind].ttlMs;
    return value === undefined ? Math.min(ttl, negativeTtlMs) : ttl;
  }

  const shared = (kind: CacheKind) => (cacheKinds[kind].isShared ? level2 : undefined);

  function peek(kind: CacheKind, key: string): Found | undefined {
    const found = level1.get(key);
    if (found === undefined) return undefined;
    counts.kinds[kind].level1Hits++;
    if (found.value === undefined) counts.kinds[kind].negativeHits++;
    return found;
  }

  async function get(entry: CacheEntry, load: Load<unknown>, signal?: AbortSignal): Promise<Answer<unknown>> {
    const found = peek(entry.kind, entry.key);
    if (found !== undefined) return { value: found.value, from: "level1" };
    const isJoinable = (generation: number) => generations.isCurrent(generation, entry.tags);
    const generation = generations.current();
    const answer = await flights.join(entry.key, generation, (stop) => fetchValue(entry, generation, load, stop), {
      isJoinable,
      signal,
    });
    if (answer.from === "load") counts.kinds[entry.kind].misses++;
    else counts.kinds[entry.kind].level2Hits++;
    if (answer.from !== "load" && answer.value === undefined) counts.kinds[entry.kind].negativeHits++;
    return answer;
  }

  async function fetchValue(
    entry: CacheEntry,
    generation: number,
    load: Load<unknown>,
    stop: AbortSignal,
  ): Promise<Answer<unknown>> {
    const { kind } = entry;
    const askedAt = clock.now();
    const answer = await shared(kind)?.read(entry.key, entry.tags);
    const stored =
      answer?.encoded === undefined ? undefined : await decodeValue(answer.encoded, { plainBytesMax: valueBytesMax });
    if (answer?.encoded !== undefined && stored === undefined) counts.unreadable++;
    if (answer !== undefined && stored !== undefined) {
      // The life counts from before the read, so that level 1 never keeps the entry longer than level 2.
      keepLocally(entry, { value: stored.value, generation, askedAt, ttlMs: answer.ttlMs });
      return { value: stored.value, from: "level2" };
    }
    throwIfAborted(stop);
    counts.kinds[kind].loads++;
    const value = await counted(kind, load(stop));
    keepLocally(entry, { value, generation, askedAt: clock.now(), ttlMs: Infinity });
    // Written with the stamp from before the load: after a change during the load the entry is invalid at once.
    if (answer !== undefined) share(entry, value, answer.stamp);
    return { value, from: "load" };
  }

  async function counted(kind: CacheKind, loading: Promise<unknown>): Promise<unknown> {
    try {
      return await loading;
    } catch (error) {
      counts.kinds[kind].loadFailures++;
      throw error;
    }
  }

  function keepLocally(entry: CacheEntry, made: { value: unknown; generation: number; askedAt: number; ttlMs: number }): void {
    const { value, generation, askedAt } = made;
    const expiresAt = askedAt + Math.min(made.ttlMs, ttlOf(entry.kind, value), level1TtlMs);
    const sizeBytes = sizeOf(value);
    if (sizeBytes === undefined) counts.refused++;
    else level1.set(entry, { value, generation, expiresAt, sizeBytes });
  }

  function share(entry: CacheEntry, value: unknown, stamp: Stamp | undefined): void {
    const level2 = shared(entry.kind);
    if (level2 === undefined) return;
    const sizeBytes = sizeOf(value);
    if (sizeBytes === undefined) return;
    const isStarted = writes.start(sizeBytes, async () => {
      const encoded = await encodeValue(value, { plainBytesMax: valueBytesMax });
      if (encoded === undefined) return void counts.tooLarge++;
      await level2.write({ key: entry.key, tags: entry.tags, encoded, ttlMs: ttlOf(entry.kind, value), stamp });
    });
    if (!isStarted) counts.droppedWrites++;
  }

  function put(entry: CacheEntry, value: unknown): void {
    if (!cacheKinds[entry.kind].keyPinsValue)
      throw new Error(`internal: the key of a cached ${entry.kind} does not pin its value`);
    keepLocally(entry, { value, generation: generations.current(), askedAt: clock.now(), ttlMs: Infinity });
    share(entry, value, undefined);
  }

  function forget(change: Invalidation): void {
    const tags = seen.newTagsOf(change);
    if (tags.length === 0) return void counts.repeatedInvalidations++;
    counts.invalidations++;
    if (tags.includes(everythingTag)) generations.invalidateAll();
    else generations.invalidate(tags);
  }

  /**
   * Invalidates both levels. The process that made the change may not have reached level 2 yet, so without this a stale entry could
   * come back from there and stay in level 1.
   */
  async function apply(changes: readonly Invalidation[]): Promise<boolean> {
    for (const change of changes) forget(change);
    return (await level2?.invalidate(changes)) ?? true;
  }

  function dropLocal(): void {
    counts.gaps++;
    generations.invalidateAll();
    level1.clear();
  }

  const onInvalidated = (change: Invalidation) => {
    options.onForeignChange?.();
    forget(change);
  };
  const applyStored = (changes: readonly Invalidation[]) => {
    if (changes.length > 0) options.onForeignChange?.();
    return apply(changes);
  };
  level2?.listen({ onInvalidated, onGap: dropLocal });
  const onFailure = () => counts.sweepFailures++;
  const sweep = startSweep({ pendingInvalidations, invalidate: applyStored, level2, sweepMs, onFailure });

  return {
    get: get as Cache["get"],
    peek: peek as Cache["peek"],
    put,
    invalidate: (tags, changeId = randomUUID()) => apply([{ changeId, tags }]),
    dropLocal,
    stats: () => ({
      ...counts,
      kinds: structuredClone(counts.kinds),
      level1: level1.stats(),
      level2: level2?.stats(),
      flights: flights.count(),
    }),
    async close() {
      flights.stopAll();
      await sweep.close();
      await writes.settled();
      await level2?.close();
      level1.clear();
    },
  };
}

function sizeOf(value: unknown): number | undefined {
  return value === undefined ? 0 : measureValue(value);
}
