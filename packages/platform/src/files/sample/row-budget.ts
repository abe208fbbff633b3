/** Computes how many rows of a file fit the memory of a fit; larger files are sampled. */

import type { RowStream } from "../read/row-stream.ts";

const fitBytesDefault = 128 * 1024 ** 2;
/** Rough size of a short text: a reference, and a share of the distinct texts. */
const shortTextSizeBytes = 24;
/** Texts up to this many bytes are short. */
const shortTextLength = 8;
/** A fit uses at least this many rows, however large they are. */
const rowCountMin = 1000;

/** @param columns columns to read. */
export async function rowCountWithinBudget(
  rows: Pick<RowStream, "columns" | "textSizeBytes">,
  columns: readonly string[],
  fitBytesMax = fitBytesDefault,
): Promise<number> {
  const read = rows.columns.filter(({ name }) => columns.includes(name));
  const textCount = read.filter(({ kind }) => kind === "text").length;
  const textSizeBytes = await rows.textSizeBytes(columns);
  const longerBytes = Math.max(0, textSizeBytes - textCount * shortTextLength);
  const rowSizeBytes = (read.length - textCount) * 8 + textCount * shortTextSizeBytes + longerBytes;
  return Math.max(rowCountMin, Math.floor(fitBytesMax / Math.max(8, rowSizeBytes)));
}
