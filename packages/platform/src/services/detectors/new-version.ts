/** Stores a model as the live version of its detector, within a transaction. */

import type { ModelSummary } from "../../compute/work.ts";
import type { Config } from "../../config/settings.ts";
import { newId } from "../../ids/ids.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { type DetectorRow, updateDetector } from "../../store/tables/detectors.ts";
import { insertVersion, type ModelOrigin, type ModelVersionRow } from "../../store/tables/model-versions.ts";
import { endTraining } from "../../store/tables/trainings.ts";
import { requireQuota } from "../core/quota.ts";
import { noDetector } from "./detectors.ts";
import type { PlacedModel } from "./placed-model.ts";

export interface VersionMade extends PlacedModel {
  readonly summary: ModelSummary;
  readonly origin: ModelOrigin;
  readonly basedOn?: number;
  readonly isForeign: boolean;
  readonly datasetId?: string | null;
  readonly jobId?: string | null;
}

export interface StoredVersion {
  readonly row: ModelVersionRow;
  readonly detector: DetectorRow;
  /** False when an earlier attempt of the job stored it. */
  readonly isNew: boolean;
}

/** The caller holds the lock of the detector's row. @throws NomalyError NOT_FOUND, QUOTA. */
export async function storeLive(
  sql: Sql,
  detectorId: string,
  made: VersionMade,
  config: Pick<Config, "quotaBytes">,
): Promise<StoredVersion> {
  await requireQuota(sql, made.summary.sizeBytes, config);
  const { summary, content, checksum, origin, basedOn, isForeign, datasetId = null, jobId = null } = made;
  const id = newId();
  const { row, isNew } = await insertVersion(sql, {
    id,
    detectorId,
    datasetId,
    jobId,
    content,
    checksum,
    sizeBytes: summary.sizeBytes,
    trainingSummary: { ...summary },
    origin,
    isForeign,
    ...(basedOn === undefined ? {} : { basedOn }),
  });
  // As after a training: the detector can score, unless it is disabled, and trainings under way go on.
  await endTraining(sql, { id, detectorId }, "ready");
  const changes = { isFitted: true, threshold: summary.threshold, modelVersion: row.version } as const;
  const updated = await updateDetector(sql, detectorId, isNew ? changes : {});
  if (updated === undefined) throw noDetector(detectorId);
  return { row, detector: updated, isNew };
}
