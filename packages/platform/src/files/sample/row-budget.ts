/** How many rows of a file fit the memory that learning may take; more are sampled. */

import type { RowStream } from "../read/row-stream.ts";

/** Bytes of the numbers that a fit may hold where nobody says it; larger files are sampled. */
const fitBytesDefault = 128 * 1024 ** 2;
/** What a short text costs, roughly: a reference, and a share of the texts themselves. */
const shortTextSizeBytes = 24;
/** Bytes of a text within that. */
const shortTextLength = 8;
/** Learned from however large a row is. */
const rowCountMin = 1000;

/** @param columns those that are read. */
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
