/** Reads model files. */

import { readFileSync } from "node:fs";
import { type AnomalyModel, load, NomalyError } from "@nomaly/detect";
import { findFile } from "../../files/local/file-fault.ts";

/** Largest model file. Most have a few megabytes; models of neighbour methods contain the training rows. */
const modelSizeBytesMax = 4 * 1024 ** 3;

/** @throws NomalyError FILE_NOT_FOUND, FILE_READ, MODEL_FILE naming the file. */
export function readModel(path: string): AnomalyModel {
  const found = findFile(path);
  if (found === undefined) throw new NomalyError("FILE_NOT_FOUND", `there is no model file ${path}`, { field: path });
  if (!found.isFile()) throw new NomalyError("FILE_READ", `${path} is no file; a model file is expected`, { field: path });
  if (found.size > modelSizeBytesMax) {
    throw new NomalyError(
      "MODEL_FILE",
      `${path} has ${found.size} bytes, more than the ${modelSizeBytesMax} of the largest model`,
      { field: path },
    );
  }
  try {
    return load(readFileSync(path));
  } catch (error) {
    if (error instanceof NomalyError) throw error.retold({ prefix: `${path}: `, field: path });
    throw new NomalyError("FILE_READ", `${path} cannot be read: ${(error as Error).message}`, { field: path, cause: error });
  }
}
