/** Tags: what a cached value depends on. A write announces the tags of what it changed. */

export const detectorTag = (id: string): string => `detector:${id}`;
export const datasetTag = (id: string): string => `dataset:${id}`;
export const apiKeyTag = (id: string): string => `api-key:${id}`;
/** Every list of detectors depends on it. */
export const detectorsTag = "detectors";
