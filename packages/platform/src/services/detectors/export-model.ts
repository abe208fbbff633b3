/** Opens the model file of a version, to be sent. */

import { NomalyError } from "@nomaly/detect";
import { type ModelVersionRow, storedModel, versionByNumber } from "../../store/tables/model-versions.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { getDetector } from "./detectors.ts";
import { noVersion } from "./versions.ts";

export interface ModelToSend {
  readonly version: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly checksum: string;
  readonly sizeBytes: number;
  /** Such as `pumps-v3.nomaly`. */
  readonly fileName: string;
  /** Opens the bytes; the caller calls `release` when it has sent them. */
  open(): Promise<OpenedModel>;
}

export type OpenedModel = { readonly bytes: Uint8Array } | { readonly path: string; release(): Promise<void> };

/** @param version undefined: the live one. @throws NomalyError NOT_FOUND; CONFLICT for a detector without a model. */
export async function modelToSend(context: ServiceContext, call: Call, id: string, version?: number): Promise<ModelToSend> {
  const detector = await getDetector(context, id);
  const wanted = version ?? detector.model_version;
  if (wanted === null) {
    const message = `detector ${id} has no model yet: POST /api/detection/train first`;
    throw new NomalyError("CONFLICT", message, { field: "id", received: id });
  }
  const row = await requireVersion(context, id, wanted);
  const { checksum, sizeBytes } = row;
  const fileName = `${nameForFile(detector.name)}-v${row.version}.nomaly`;
  return { version: row.version, checksum, sizeBytes, fileName, open: () => opened(context, call, row) };
}

async function opened({ database, blobs }: ServiceContext, call: Call, row: ModelVersionRow): Promise<OpenedModel> {
  if (row.blobKey !== null) return blobs.open(row.blobKey, call.signal);
  const stored = await storedModel(database, row.id);
  if (stored?.fileBytes === undefined || stored.fileBytes === null) throw noVersion(row.detectorId, row.version);
  return { bytes: stored.fileBytes };
}

async function requireVersion({ database }: ServiceContext, id: string, version: number): Promise<ModelVersionRow> {
  // A replica may lack a version that another process has just stored, so the primary is asked too.
  const row = (await versionByNumber(database.read, id, version)) ?? (await versionByNumber(database, id, version));
  if (row === undefined) throw noVersion(id, version);
  return row;
}

/** Letters that every system allows in file names; others become a hyphen. */
function nameForFile(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]+/g, "-").replaceAll(/^-+|-+$/g, "");
  return plain === "" ? "model" : plain.slice(0, 60);
}
