/** The closed list of what is cached and for how long. What invalidates each kind: docs/caching.md. */

export interface KindRule {
  /** In level 2; level 1 keeps nothing longer than `level1TtlMsMax`. */
  readonly ttlMs: number;
  /** False: never leaves the process. Who can write to Redis must not be able to forge a key of the API. */
  readonly isShared: boolean;
  /** The key says all that the value depends on, so a value made before a change is not wrong after it. */
  readonly keyPinsValue: boolean;
}

export const cacheKinds = {
  /** Scores of one model version for one table. */
  results: { ttlMs: 3_600_000, isShared: true, keyPinsValue: true },
  /** What a model is: columns, threshold, training summary. */
  metadata: { ttlMs: 86_400_000, isShared: true, keyPinsValue: false },
  /** A detector as the API shows it. */
  detectorInfo: { ttlMs: 300_000, isShared: true, keyPinsValue: false },
  /** Detectors of a list of algorithms. */
  detectorBatch: { ttlMs: 300_000, isShared: true, keyPinsValue: false },
  /** Datasets never change: only deleting one takes its profile away. */
  datasetProfile: { ttlMs: 3_600_000, isShared: true, keyPinsValue: true },
  /** Who an API key belongs to, and what it may do. */
  apiKey: { ttlMs: 60_000, isShared: false, keyPinsValue: false },
} as const satisfies Readonly<Record<string, KindRule>>;

export type CacheKind = keyof typeof cacheKinds;

export const cacheKindNames = Object.keys(cacheKinds) as readonly CacheKind[];

/** Also the longest that a message of an invalidation which never arrived can be missed. */
export const level1TtlMsMax = 300_000;
/** "There is nothing" is kept only so long that a burst of questions for it costs one load. */
export const negativeTtlMs = 10_000;
