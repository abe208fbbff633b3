/**
 * Tags name what a cached value depends on. A service caches a value under its tags; a statement that changes a row adds the tag of
 * that row to its transaction, and after the commit every process drops the values with that tag.
 */

export const detectorTag = (id: string): string => `detector:${idPart(id)}`;
export const datasetTag = (id: string): string => `dataset:${idPart(id)}`;
export const apiKeyTag = (id: string): string => `api-key:${idPart(id)}`;
/** The tag of every list of detectors, since a change of one detector may change any list. */
export const detectorsTag = "detectors";
/** Every cached value has this tag: a change that names it empties the cache. */
export const everythingTag = "everything";

/** PostgreSQL takes an id in capitals for the same id, so both give the same tag. */
function idPart(id: string): string {
  return keyPart(id.toLowerCase());
}

/** Encodes one part of a key or tag, so that it holds none of the separators (colon and comma). */
export function keyPart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
