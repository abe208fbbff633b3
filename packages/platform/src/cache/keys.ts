/** Builds the key and the tags of every cache entry, together, so that no entry lacks the tag that invalidates it. */

import { hash } from "node:crypto";
import { apiKeyTag, datasetTag, detectorsTag, detectorTag, keyPart as part } from "../ids/tags.ts";
import type { CacheKind } from "./kinds.ts";

export interface CacheEntry {
  readonly kind: CacheKind;
  readonly key: string;
  /** Invalidating any of them invalidates the entry. */
  readonly tags: readonly string[];
}

/** A column of the rows to score. */
export type HashedColumn =
  | { readonly kind: "number"; readonly name: string; readonly values: Float64Array }
  | { readonly kind: "text"; readonly name: string; readonly values: readonly (string | null)[] };

/** Rows that have not been parsed, as the bytes that hold them: a stored data set, or a large body. */
export interface HashedContent {
  readonly sha256: string;
  /** Such as "csv": the same bytes may hold other rows in another format. */
  readonly format: string;
}

type HashedRows = { readonly columns: readonly HashedColumn[] } | { readonly content: HashedContent };

export type ResultsIdentity = HashedRows & {
  readonly detectorId: string;
  readonly modelVersion: number;
  /** Further options of the answer, such as "explain". */
  readonly variant?: string;
};

/** A longer list of names is hashed, so that the key stays short. */
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

/** The order of the names and repeated names do not change the key; different sets of names have different keys. */
export function detectorBatchEntry(algorithmNames: readonly string[]): CacheEntry {
  const names = [...new Set(algorithmNames)].sort();
  const list = names.map(part).join(",");
  // `part` gives no "=" and no ",", so a hash cannot equal a name, and one name cannot equal two.
  const suffix = list.length > nameListLengthMax ? `=${hash("sha256", list)}` : list;
  return { kind: "detectorBatch", key: `detectors:batch:${suffix}`, tags: [detectorsTag] };
}

export function datasetProfileEntry(datasetId: string): CacheEntry {
  return { kind: "datasetProfile", key: `dataset:profile:${part(datasetId)}`, tags: [datasetTag(datasetId)] };
}

/** @param keyId the id of the key; its secret is never part of a cache entry. */
export function apiKeyEntry(keyId: string): CacheEntry {
  return { kind: "apiKey", key: `api:key:${part(keyId)}`, tags: [apiKeyTag(keyId)] };
}

/**
 * SHA-256 over the names, order and types of the columns, the model version and every bit of every value. Each column is hashed by
 * itself, then the list of hashes: so nothing is copied, and no name can be confused with a value. For unparsed content its own hash
 * is used instead, so the same rows given in both ways have two keys.
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
  // Every platform that this package supports is little-endian, so processes agree on the bytes.
  if (values instanceof Float64Array) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return JSON.stringify(values);
}
