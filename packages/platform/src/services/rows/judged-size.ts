/** Limits the data sets that are explained, evaluated or compared while the client waits, as the main thread does part of that work. */

import { NomalyError } from "@nomaly/detect";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import type { ServiceContext } from "../core/context.ts";
import type { TableSource } from "./rows-source.ts";

/** @throws NomalyError TOO_LARGE for a data set of more than `trainInlineValues` values. */
export function requireJudgeable(
  { config }: Pick<ServiceContext, "config">,
  source: RowsGiven | TableSource,
  detectorCount = 1,
): void {
  if (source.kind !== "dataset") return;
  const { nSamples, nFeatures } = source.dataset;
  const valueCount = nSamples * nFeatures * detectorCount;
  if (valueCount <= config.trainInlineValues) return;
  const each = detectorCount === 1 ? "" : `, for each of ${detectorCount} detectors`;
  const message =
    `the data set has ${nSamples} rows of ${nFeatures} columns${each}; at most ${config.trainInlineValues} values ` +
    "can be explained, evaluated or compared at once: store a sample of its rows as a data set and use that";
  throw new NomalyError("TOO_LARGE", message, {
    field: "dataset_id",
    expected: `at most ${config.trainInlineValues} values`,
    received: String(valueCount),
  });
}
