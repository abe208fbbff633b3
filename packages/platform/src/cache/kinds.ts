/** The kinds of cache entries and how long each is kept. docs/caching.md says what invalidates each kind. */

export interface KindRule {
  /** The life in level 2; level 1 keeps nothing longer than `level1TtlMsMax`. */
  readonly ttlMs: number;
  /** False keeps the entry out of Redis: a user of Redis must not be able to forge an API key. */
  readonly isShared: boolean;
  /** True when the key contains all that the value depends on, so that no change makes the value stale. */
  readonly keyPinsValue: boolean;
}

export const cacheKinds = {
  /** Scores of one model version for one table. */
  results: { ttlMs: 3_600_000, isShared: true, keyPinsValue: true },
  /** The live model of a detector: columns, threshold, training summary. */
  metadata: { ttlMs: 86_400_000, isShared: true, keyPinsValue: false },
  /** A detector as the API shows it. */
  detectorInfo: { ttlMs: 300_000, isShared: true, keyPinsValue: false },
  /** The detectors of a list of algorithms. */
  detectorBatch: { ttlMs: 300_000, isShared: true, keyPinsValue: false },
  /** Data sets never change, so only deleting one invalidates its profile. */
  datasetProfile: { ttlMs: 3_600_000, isShared: true, keyPinsValue: true },
  /** The hash, scopes and expiry of an API key. */
  apiKey: { ttlMs: 60_000, isShared: false, keyPinsValue: false },
} as const satisfies Readonly<Record<string, KindRule>>;

export type CacheKind = keyof typeof cacheKinds;

export const cacheKindNames = Object.keys(cacheKinds) as readonly CacheKind[];

/** Also the longest life of a stale entry after a lost invalidation message. */
export const level1TtlMsMax = 300_000;
/** A missing value is cached just long enough that a burst of requests for it costs one load. */
export const negativeTtlMs = 10_000;
