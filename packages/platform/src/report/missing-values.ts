/** Tells how the missing values of a table were dealt with: for each column as plain data, and in one line. */

import type { PipelineColumn } from "@nomaly/detect";
import { countText, dateText } from "./wording.ts";

export interface MissingColumn {
  readonly column: string;
  /** Rows that have no value. */
  readonly missing_count: number;
  /** Share of all rows, 0 to 1. */
  readonly missing_share: number;
  /** The training median for numbers, dates and booleans; null for texts, where missing counts as a category of its own. */
  readonly filled_with: number | string | boolean | null;
  /**
   * How the detector sees which values are missing: in a 0/1 column for this column alone, in one column that counts over all
   * columns what is unusual (values missing here, or values there where most are missing), or not at all.
   */
  readonly indicator: "none" | "own_column" | "counts_missing" | "counts_present";
}

type NumberEncoding = Extract<PipelineColumn["encoding"], { readonly kind: "number" }>;

/** Columns named in a line about them. */
const nameCountMax = 5;

/** @param counts missing values by column. */
export function missingColumns(
  columns: readonly PipelineColumn[],
  counts: ReadonlyMap<string, number>,
  rowCount: number,
): readonly MissingColumn[] {
  return columns.flatMap(({ name, kind, encoding }) => {
    const count = counts.get(name) ?? 0;
    if (count === 0) return [];
    const told = { column: name, missing_count: count, missing_share: count / rowCount };
    if (encoding.kind !== "number") return [{ ...told, filled_with: null, indicator: "none" }];
    return [{ ...told, filled_with: shownFill(encoding.fill, kind), indicator: indicatorOf(encoding) }];
  });
}

function indicatorOf({ indicator, counted }: NumberEncoding): MissingColumn["indicator"] {
  if (indicator) return "own_column";
  return counted === undefined ? "none" : `counts_${counted}`;
}

/** Missing values among the rows that the columns were learned from. */
export function trainingCounts(columns: readonly PipelineColumn[]): ReadonlyMap<string, number> {
  return new Map(columns.map(({ name, profile }) => [name, profile.missingCount]));
}

function shownFill(fill: number | null, kind: PipelineColumn["kind"]): number | string | boolean | null {
  if (fill === null) return null;
  if (kind === "date") return dateText(fill);
  return kind === "boolean" ? fill === 1 : fill;
}

/**
 * `filled 312 missing values in 4 columns with the column's median; counted as unusual, too: no value in "age", a value in "deposit"`;
 * undefined where none is missing.
 */
export function missingNote(columns: readonly MissingColumn[]): string | undefined {
  const numbers = columns.filter((column) => column.filled_with !== null);
  const texts = columns.filter((column) => column.filled_with === null);
  const parts = [
    numbers.length === 0 ? [] : [`filled ${countedIn(numbers, "value")} with the column's median`],
    indicatorTexts(numbers),
    texts.length === 0 ? [] : [`${countedIn(texts, "text")} count as a category of their own`],
  ].flat();
  return parts.length === 0 ? undefined : parts.join("; ");
}

function countedIn(columns: readonly MissingColumn[], what: "value" | "text"): string {
  const count = columns.reduce((sum, column) => sum + column.missing_count, 0);
  return `${countText(count, `missing ${what}`)} in ${countText(columns.length, "column")}`;
}

function indicatorTexts(columns: readonly MissingColumn[]): string[] {
  const named = (indicator: MissingColumn["indicator"], what = "") =>
    columns.filter((column) => column.indicator === indicator).map(({ column }) => `${what}"${column}"`);
  const own = named("own_column");
  const counted = [...named("counts_missing", "no value in "), ...named("counts_present", "a value in ")];
  return [
    own.length === 0 ? [] : [`a column of its own marks what is missing in ${shortList(own)}`],
    counted.length === 0 ? [] : [`counted as unusual, too: ${shortList(counted)}`],
  ].flat();
}

function shortList(texts: readonly string[]): string {
  const more = texts.length > nameCountMax ? ` and ${texts.length - nameCountMax} more` : "";
  return texts.slice(0, nameCountMax).join(", ") + more;
}
