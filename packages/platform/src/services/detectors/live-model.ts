/** Finds the live model of a detector: the version that scores. */

import { NomalyError } from "@nomaly/detect";
import { metadataEntry } from "../../cache/keys.ts";
import type { LoadedModel } from "../../compute/model-cache.ts";
import { detectorById } from "../../store/tables/detectors.ts";
import { liveVersion, type ModelVersionRow, storedModel } from "../../store/tables/model-versions.ts";
import type { ServiceContext } from "../core/context.ts";
import { noDetector } from "./detectors.ts";

export interface LiveModel {
  readonly detector_id: string;
  readonly algorithm_name: string;
  readonly version_id: string;
  readonly model_version: number;
  readonly threshold: number;
  readonly blob_key: string | null;
  readonly checksum: string;
  readonly training_summary: Readonly<Record<string, unknown>>;
}

/** The fields of the model that an answer shows. */
export type AnsweringModel = Pick<LiveModel, "detector_id" | "model_version" | "threshold">;

type Found = LiveModel | { readonly refusal: Refusal };

/** @throws NomalyError NOT_FOUND; CONFLICT when the detector is not trained yet, or disabled. */
export async function liveModel(context: ServiceContext, detectorId: string): Promise<LiveModel> {
  const entry = metadataEntry(detectorId);
  const near = context.cache.peek<Found>(entry.kind, entry.key);
  const { value } = near ?? (await context.cache.get<Found>(entry, () => loadLive(context, detectorId)));
  if (value === undefined) throw noDetector(detectorId);
  if (!("refusal" in value)) return value;
  throw refused(detectorId, value.refusal);
}

type Refusal = "not trained" | "disabled";

function refused(detectorId: string, refusal: Refusal): NomalyError {
  const said = refusal === "disabled" ? "is disabled" : "is not trained yet: POST /api/detection/train first";
  return new NomalyError("CONFLICT", `detector ${detectorId} ${said}`, { field: "detector_id", received: detectorId });
}

async function loadLive({ database }: ServiceContext, detectorId: string): Promise<Found | undefined> {
  const detector = await detectorById(database, detectorId);
  if (detector === undefined) return undefined;
  if (detector.status === "disabled") return { refusal: "disabled" };
  const version = await liveVersion(database, detectorId);
  // The threshold comes from the version, as another version may have been stored between the two queries.
  const threshold = version?.trainingSummary["threshold"];
  if (version === undefined || typeof threshold !== "number") return { refusal: "not trained" };
  return {
    detector_id: detectorId,
    algorithm_name: detector.algorithmName,
    version_id: version.id,
    model_version: version.version,
    threshold,
    blob_key: version.blobKey,
    checksum: version.checksum,
    training_summary: version.trainingSummary,
  };
}

/** The live version as the database has it now, also of a disabled detector. @throws NomalyError NOT_FOUND; CONFLICT when it is not trained yet. */
export async function storedLiveVersion({ database }: ServiceContext, detectorId: string): Promise<ModelVersionRow> {
  const version = await liveVersion(database, detectorId);
  if (version !== undefined) return version;
  if ((await detectorById(database, detectorId)) === undefined) throw noDetector(detectorId);
  throw refused(detectorId, "not trained");
}

/** The model file of a version, from its row or its blob. @throws NomalyError NOT_FOUND, STORAGE. */
export async function loadModelBytes(
  context: Pick<ServiceContext, "database" | "blobs">,
  versionId: string,
): Promise<LoadedModel> {
  const stored = await storedModel(context.database, versionId);
  if (stored === undefined) {
    throw new NomalyError("NOT_FOUND", "the model was removed during the request", { field: "detector_id", received: versionId });
  }
  const { fileBytes, blobKey, isForeign } = stored;
  return { bytes: fileBytes ?? (await context.blobs.read(blobKey ?? "")), isForeign };
}
