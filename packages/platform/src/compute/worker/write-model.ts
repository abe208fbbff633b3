/** Hands over a model that a worker has made: small ones in the message, large ones in a file. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { NomalyError } from "@nomaly/detect";
import { type ModelMade, modelInlineBytesMax } from "../work.ts";
import { isDiskFull } from "./coded-error.ts";

/** @throws NomalyError STORAGE when the disk is full. */
export function handOver(modelBytes: Uint8Array, path: string): ModelMade {
  if (modelBytes.length <= modelInlineBytesMax) return { modelBytes };
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, modelBytes, { mode: 0o600 });
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new NomalyError("STORAGE", "the disk is full: the model was not stored", { field: "data_dir", cause: error });
  }
  return { modelPath: path };
}
