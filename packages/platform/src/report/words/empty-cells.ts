/** Several cells of a row that are empty though seldom so, told as one reason. */

import type { Reason } from "@nomaly/detect";

/** Columns named in a line of text. */
const nameCountMax = 3;

export interface EmptyCells {
  /** Those that seldom are empty, the largest contribution first; at least two. */
  readonly emptyColumns: readonly string[];
  /** All columns used. */
  readonly columnCount: number;
  /** False where more cells are empty, in columns that often are. */
  readonly areAll: boolean;
}

/** Undefined unless at least two cells are. */
export function emptyCellsOf(reasons: readonly Reason[], isUnusuallyEmpty: (reason: Reason) => boolean): EmptyCells | undefined {
  const emptyColumns = reasons.filter(isUnusuallyEmpty).map(({ column }) => column);
  if (emptyColumns.length < 2) return undefined;
  const emptyCount = reasons.filter(({ value }) => value === null).length;
  return { emptyColumns, columnCount: reasons.length, areAll: emptyCount === emptyColumns.length };
}

export function isEmptyCells(reason: Reason | EmptyCells): reason is EmptyCells {
  return "emptyColumns" in reason;
}

/** `5 of 8 cells are empty: age, sex, income and 2 more`. */
export function emptyCellsText(empty: EmptyCells): string {
  return `${emptyCountText(empty)}: ${emptyNamesText(empty, nameCountMax)}`;
}

/** `5 of 8 cells are empty`, `2 cells are empty that seldom are`. */
export function emptyCountText({ emptyColumns, columnCount, areAll }: EmptyCells): string {
  const count = emptyColumns.length;
  return areAll ? `${count} of ${columnCount} cells are empty` : `${count} cells are empty that seldom are`;
}

/** `age, sex, income and 2 more`. */
export function emptyNamesText({ emptyColumns }: EmptyCells, countMax: number): string {
  const more = emptyColumns.length - countMax;
  return emptyColumns.slice(0, countMax).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
