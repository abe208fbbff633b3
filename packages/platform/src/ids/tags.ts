/**
 * Tags: what a cached value depends on. Whoever caches a value names its tags, the statement that changes what a tag stands for
 * announces it to its transaction.
 */

export const detectorTag = (id: string): string => `detector:${idPart(id)}`;
export const datasetTag = (id: string): string => `dataset:${idPart(id)}`;
export const apiKeyTag = (id: string): string => `api-key:${idPart(id)}`;
/** Of every list of detectors: any change of any detector may change one. */
export const detectorsTag = "detectors";
/** Every cached value has it: announcing it empties the cache. */
export const everythingTag = "everything";

/** An id in capitals is the same id. */
function idPart(id: string): string {
  return keyPart(id.toLowerCase());
}

/** One part of a key or tag: it cannot hold a colon, a comma or anything that ends it early. */
export function keyPart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
