/** Puts the bytes of a model where its version will name them: small ones into the row, larger ones into a blob. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import type { ModelFileGiven, TrainOutcome } from "../../compute/work.ts";
import type { NewModelVersion } from "../../store/tables/model-versions.ts";
import type { ServiceContext } from "../core/context.ts";

export type PlacedModel = Pick<NewModelVersion, "content" | "checksum">;

/** Files of requests up to this size go into the row; many may arrive at once, so it is small. */
const sentInlineBytesMax = 256 * 1024;

/** Places the model that a worker has made, and removes the worker's file. */
export async function placeMade(
  { blobs }: Pick<ServiceContext, "blobs">,
  {
    modelBytes,
    modelPath = "",
    summary,
  }: Pick<TrainOutcome, "modelBytes" | "modelPath"> & { readonly summary: { readonly sizeBytes: number } },
): Promise<PlacedModel> {
  if (modelBytes !== undefined) {
    return { content: { fileBytes: modelBytes }, checksum: createHash("sha256").update(modelBytes).digest("hex") };
  }
  try {
    const { key, checksum } = await blobs.write("model", createReadStream(modelPath), { sizeBytesMax: summary.sizeBytes });
    return { content: { blobKey: key }, checksum };
  } finally {
    await rm(modelPath, { force: true });
  }
}

export interface SentModel extends ModelFileGiven {
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly checksum: string;
}

/** Places the model file that a request has sent, as it is. */
export async function placeSent(
  { blobs }: Pick<ServiceContext, "blobs">,
  { path, sizeBytes, checksum }: SentModel,
  signal: AbortSignal,
): Promise<PlacedModel> {
  if (sizeBytes <= sentInlineBytesMax) return { content: { fileBytes: await readFile(path) }, checksum };
  const { key } = await blobs.write("model", createReadStream(path), { sizeBytesMax: sizeBytes, signal });
  return { content: { blobKey: key }, checksum };
}
