/** Keys and tags of everything cached. A builder gives both, so that no entry can miss the tag that invalidates it. */

import { hash } from "node:crypto";
import { apiKeyTag, datasetTag, detectorsTag, detectorTag, keyPart as part } from "../ids/tags.ts";
import type { CacheKind } from "./kinds.ts";

export interface CacheEntry {
  readonly kind: CacheKind;
  readonly key: string;
  /** Invalidating any of them takes the entry away. */
  readonly tags: readonly string[];
}

/** A column as the pipeline takes it. */
export type HashedColumn =
  | { readonly kind: "number"; readonly name: string; readonly values: Float64Array }
  | { readonly kind: "text"; readonly name: string; readonly values: readonly (string | null)[] };

/** Rows as the bytes that hold them, not read: a stored data set, or a large body. */
export interface HashedContent {
  readonly sha256: string;
  /** How the bytes are read, such as "csv": the same bytes may hold other rows in another format. */
  readonly format: string;
}

/** The rows that were scored. */
export type HashedRows = { readonly columns: readonly HashedColumn[] } | { readonly content: HashedContent };

export type ResultsIdentity = HashedRows & {
  readonly detectorId: string;
  readonly modelVersion: number;
  /** What else the answer depends on, such as "explain". */
  readonly variant?: string;
};

/** A list of names longer than this is hashed: a key stays short. */
const nameListLengthMax = 200;

/** `detection:results:{detector_id}:{data_hash}`, where the last part begins with the model version. */
export function resultsEntry(identity: ResultsIdentity): CacheEntry {
  const { detectorId, modelVersion } = identity;
  const key = `detection:results:${part(detectorId)}:v${modelVersion}-${dataHash(identity)}`;
  return { kind: "results", key, tags: [detectorTag(detectorId)] };
}

export function metadataEntry(detectorId: string): CacheEntry {
  return { kind: "metadata", key: `model:metadata:${part(detectorId)}`, tags: [detectorTag(detectorId)] };
}

export function detectorInfoEntry(detectorId: string): CacheEntry {
  return { kind: "detectorInfo", key: `detector:info:${part(detectorId)}`, tags: [detectorTag(detectorId)] };
}

/** The same names in another order, or twice, ask for the same detectors; no two other lists share a key. */
export function detectorBatchEntry(algorithmNames: readonly string[]): CacheEntry {
  const names = [...new Set(algorithmNames)].sort();
  const list = names.map(part).join(",");
  // "=" and "," never come out of `part`, so a hash is never a name, and a name never two.
  const suffix = list.length > nameListLengthMax ? `=${hash("sha256", list)}` : list;
  return { kind: "detectorBatch", key: `detectors:batch:${suffix}`, tags: [detectorsTag] };
}

export function datasetProfileEntry(datasetId: string): CacheEntry {
  return { kind: "datasetProfile", key: `dataset:profile:${part(datasetId)}`, tags: [datasetTag(datasetId)] };
}

/** @param keyId the id under which it is stored; the secret of a key never becomes part of anything cached. */
export function apiKeyEntry(keyId: string): CacheEntry {
  return { kind: "apiKey", key: `api:key:${part(keyId)}`, tags: [apiKeyTag(keyId)] };
}

/**
 * SHA-256 over names, order and types of the columns, the model version and every value bit by bit. Each column is
 * hashed by itself, then the list of all: nothing is copied, and no name can pass for a value. Of content that is not read its own
 * hash stands for all of that; the same rows asked in both ways have two keys.
 */
export function dataHash({ modelVersion, variant = "", ...rows }: HashedRows & Omit<ResultsIdentity, "detectorId">): string {
  if ("content" in rows) {
    const { format, sha256 } = rows.content;
    return hash("sha256", JSON.stringify([modelVersion, variant, "content", format, sha256]));
  }
  const digests = rows.columns.map(({ kind, name, values }) => [kind, name, values.length, hash("sha256", valueBytes(values))]);
  return hash("sha256", JSON.stringify([modelVersion, variant, digests]));
}

function valueBytes(values: Float64Array | readonly (string | null)[]): Uint8Array | string {
  // Every platform Node runs on that this package supports is little-endian, so processes agree on the bytes.
  if (values instanceof Float64Array) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return JSON.stringify(values);
}
