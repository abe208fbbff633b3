/** Computes how many rows of a file fit the memory of a fit; larger files are sampled. */

import { detectorById } from "@nomaly/detect";
import type { RowStream } from "../read/row-stream.ts";

const fitBytesDefault = 128 * 1024 ** 2;
/** Rough size of a short text: a reference, and a share of the distinct texts. */
const shortTextSizeBytes = 24;
/** Texts up to this many bytes are short. */
const shortTextLength = 8;
/** A fit uses at least this many rows, however large they are. */
const rowCountMin = 1000;

/** A detector that asks several others keeps a second table and the scores of each: so many times the memory of the rows. */
const composedFactor = 4;

/** The memory that the rows of a fit may take, less where one of the detectors needs several times as much. */
export function fitBytesOf(detectorIds: readonly string[], bytesMax = fitBytesDefault): number {
  const isComposed = detectorIds.some((id) => detectorById(id).parts !== undefined);
  return isComposed ? bytesMax / composedFactor : bytesMax;
}

/** @param columns columns to read. @param fitBytesMax see {@link fitBytesOf}. */
export async function rowCountWithinBudget(
  rows: Pick<RowStream, "columns" | "textSizeBytes">,
  columns: readonly string[],
  fitBytesMax: number,
): Promise<number> {
  const read = rows.columns.filter(({ name }) => columns.includes(name));
  const textCount = read.filter(({ kind }) => kind === "text").length;
  const textSizeBytes = await rows.textSizeBytes(columns);
  const longerBytes = Math.max(0, textSizeBytes - textCount * shortTextLength);
  const rowSizeBytes = (read.length - textCount) * 8 + textCount * shortTextSizeBytes + longerBytes;
  return Math.max(rowCountMin, Math.floor(fitBytesMax / Math.max(8, rowSizeBytes)));
}
