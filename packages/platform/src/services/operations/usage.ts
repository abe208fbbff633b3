/** Tells what takes how much of the quota. */

import { largestDatasets, largestDetectors, type StoredSize, storedSizes } from "../../store/tables/stored-bytes.ts";
import type { ServiceContext } from "../core/context.ts";

interface Size {
  readonly count: number;
  readonly size_bytes: number;
}

interface Large {
  readonly id: string;
  readonly name: string;
  readonly size_bytes: number;
}

export interface Usage {
  readonly quota_bytes: number;
  readonly used_bytes: number;
  readonly datasets: Size;
  readonly model_versions: Size;
  readonly results: Size;
  readonly versions_kept: number;
  readonly result_retention_days: number;
  readonly largest_datasets: readonly Large[];
  readonly largest_detectors: readonly (Large & { readonly n_versions: number })[];
}

const shownMax = 10;

export async function usage({ database, config }: ServiceContext): Promise<Usage> {
  const { read } = database;
  const { dataset, model_version: version, result } = await storedSizes(read);
  const datasets = await largestDatasets(read, shownMax);
  const detectors = await largestDetectors(read, shownMax);
  return {
    quota_bytes: config.quotaBytes,
    used_bytes: dataset.sizeBytes + version.sizeBytes + result.sizeBytes,
    datasets: sizeOf(dataset),
    model_versions: sizeOf(version),
    results: sizeOf(result),
    versions_kept: config.versionsKept,
    result_retention_days: config.resultRetentionDays,
    largest_datasets: datasets.map(({ id, name, sizeBytes }) => ({ id, name, size_bytes: sizeBytes })),
    largest_detectors: detectors.map(({ id, name, sizeBytes, versionCount }) => ({
      id,
      name,
      size_bytes: sizeBytes,
      n_versions: versionCount,
    })),
  };
}

function sizeOf({ count, sizeBytes }: StoredSize): Size {
  return { count, size_bytes: sizeBytes };
}
