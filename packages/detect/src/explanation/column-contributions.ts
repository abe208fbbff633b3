/** What each pipeline column added to a row's score: the detector's own contributions, or the effect of substitution. */

import type { ExplanationClaim } from "../detector/traits.ts";
import type { Model } from "../detector/detector.ts";
import { NomalyError, rowAtFault } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import { zeros } from "../matrix.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { encodedWidth, sourceColumns, usuallyMissingShare } from "../pipeline/pipeline.ts";
import { type IsMissing, unusualPresence } from "./unusual-presence.ts";

/** What contributions take from a fitted model. */
export interface Contributing {
  readonly model: Model;
  readonly pipeline: Pipeline;
  readonly trainingRowCount: number;
}

/** What the numbers mean: the detector's claim, or `substitution` where it has none of its own. */
export type ContributionMeaning = Exclude<ExplanationClaim, "none"> | "substitution";

/**
 * `result.values[row * pipeline columns + column]`: contributions of the encoded columns summed over the column they came from;
 * that of the presence column is divided evenly among the columns that it counts in this row, or all that it counts in any.
 * For detectors without contributions: the score less the score of the same row with that column set to its usual value
 * (the training median or the commonest category; missing, where more than half of the training rows have no value). These do
 * not sum to the score.
 * @throws NomalyError NOT_FINITE when a contribution is no number, as its parts overflow.
 */
export function columnContributions(contributing: Contributing, rows: Matrix, isMissing: IsMissing): Matrix {
  const { model, pipeline } = contributing;
  const source = sourceColumns(pipeline);
  if (model.contributionsInto === undefined) return substitutionEffects(contributing, rows, isMissing);
  const presence = unusualPresence(pipeline, isMissing);
  const encoded = new Float64Array(rows.values.length);
  model.contributionsInto(rows, encoded);
  const result = zeros(rows.rowCount, pipeline.columns.length);
  for (let row = 0, at = 0; row < rows.rowCount; row++) {
    for (let column = 0; column < rows.columnCount; column++, at++) {
      if (Number.isNaN(encoded[at])) throw tooLarge(row);
      if (source[column] >= 0) result.values[row * result.columnCount + source[column]] += encoded[at];
    }
    if (presence.counted.length === 0) continue;
    const unusual = presence.in(row);
    const sharing = unusual.length > 0 ? unusual : presence.counted;
    for (const column of sharing) result.values[row * result.columnCount + column] += encoded[at - 1] / sharing.length;
  }
  return result;
}

function tooLarge(rowIndex: number): NomalyError {
  const message = [rowAtFault, " cannot be explained: its values lie so far out that contributions exceed float64"];
  return new NomalyError("NOT_FINITE", message, { rowIndex });
}

function substitutionEffects({ model, pipeline, trainingRowCount }: Contributing, rows: Matrix, isMissing: IsMissing): Matrix {
  const source = sourceColumns(pipeline);
  const presence = unusualPresence(pipeline, isMissing);
  const columnCount = pipeline.columns.length;
  const usual = usualRow(pipeline, trainingRowCount);
  const result = zeros(rows.rowCount, columnCount);
  // One row becomes columnCount + 1: itself, then itself with each column in turn made usual.
  const variants = zeros(columnCount + 1, rows.columnCount);
  const scores = new Float64Array(columnCount + 1);
  for (let row = 0; row < rows.rowCount; row++) {
    const values = rows.values.subarray(row * rows.columnCount, (row + 1) * rows.columnCount);
    for (let variant = 0; variant <= columnCount; variant++) variants.values.set(values, variant * rows.columnCount);
    for (let column = 0; column < rows.columnCount; column++) {
      if (source[column] >= 0) variants.values[(source[column] + 1) * rows.columnCount + column] = usual[column];
    }
    // A column made usual is no longer counted.
    for (const column of presence.in(row)) variants.values[(column + 2) * rows.columnCount - 1]--;
    model.scoreInto(variants, scores);
    for (let column = 0; column < columnCount; column++) {
      // The difference of two infinite scores is undefined: it counts as 0.
      result.values[row * columnCount + column] = scores[0] === scores[column + 1] ? 0 : scores[0] - scores[column + 1];
    }
  }
  return result;
}

/** The encoded row that has the usual value in every column. */
function usualRow(pipeline: Pipeline, trainingRowCount: number): Float64Array {
  const parts = pipeline.columns.map(({ encoding, profile }) => {
    const part = new Float64Array(encodedWidth(encoding));
    const isMissing = profile.missingCount > trainingRowCount * usuallyMissingShare;
    if (encoding.kind === "number" && profile.kind === "number") {
      part[0] = ((isMissing ? (encoding.fill ?? profile.median) : profile.median) - encoding.center) / encoding.scale;
      if (isMissing && encoding.indicator) part[1] = 1;
    }
    if (encoding.kind === "one-hot") part[usualOf(encoding.categories, isMissing)] = 1;
    if (encoding.kind === "frequency") {
      part[0] = ((encoding.shares[usualOf(encoding.categories, isMissing)] ?? 0) - encoding.center) / encoding.scale;
    }
    return part;
  });
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/**
 * Place of the usual category: the missing one, the empty text, where that is usual, else the commonest other one; 0 where there
 * is none.
 * @param categories in order of their counts, the commonest first.
 */
function usualOf(categories: readonly string[], isMissing: boolean): number {
  return Math.max(
    0,
    categories.findIndex((category) => (category === "") === isMissing),
  );
}
