/** What each pipeline column added to a row's score: the detector's own contributions, or the effect of substitution. */

import type { ExplanationClaim } from "../detector/traits.ts";
import type { Model } from "../detector/detector.ts";
import { NomalyError, rowAtFault } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import { zeros } from "../matrix.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { encodedWidth, sourceColumns } from "../pipeline/pipeline.ts";

/** What the numbers mean: the detector's claim, or `substitution` where it has none of its own. */
export type ContributionMeaning = Exclude<ExplanationClaim, "none"> | "substitution";

/**
 * `result.values[row * pipeline columns + column]`: contributions of the encoded columns summed over the column they came from.
 * For detectors without contributions: the score less the score of the same row with that column set to its usual value
 * (the training median, or the commonest category but the missing one). These do not sum to the score.
 * @throws NomalyError NOT_FINITE when a contribution is no number, as its parts overflow.
 */
export function columnContributions(model: Model, pipeline: Pipeline, rows: Matrix): Matrix {
  const source = sourceColumns(pipeline);
  if (model.contributionsInto === undefined) return substitutionEffects(model, pipeline, rows, source);
  const encoded = new Float64Array(rows.values.length);
  model.contributionsInto(rows, encoded);
  const result = zeros(rows.rowCount, pipeline.columns.length);
  for (let row = 0, at = 0; row < rows.rowCount; row++) {
    for (let column = 0; column < rows.columnCount; column++, at++) {
      if (Number.isNaN(encoded[at])) throw tooLarge(row);
      result.values[row * result.columnCount + source[column]] += encoded[at];
    }
  }
  return result;
}

function tooLarge(rowIndex: number): NomalyError {
  const message = [rowAtFault, " cannot be explained: its values lie so far out that contributions exceed float64"];
  return new NomalyError("NOT_FINITE", message, { rowIndex });
}

function substitutionEffects(model: Model, pipeline: Pipeline, rows: Matrix, source: Int32Array): Matrix {
  const columnCount = pipeline.columns.length;
  const usual = usualRow(pipeline);
  const result = zeros(rows.rowCount, columnCount);
  // One row becomes columnCount + 1: itself, then itself with each column in turn made usual.
  const variants = zeros(columnCount + 1, rows.columnCount);
  const scores = new Float64Array(columnCount + 1);
  for (let row = 0; row < rows.rowCount; row++) {
    const values = rows.values.subarray(row * rows.columnCount, (row + 1) * rows.columnCount);
    for (let variant = 0; variant <= columnCount; variant++) variants.values.set(values, variant * rows.columnCount);
    for (let column = 0; column < rows.columnCount; column++) {
      variants.values[(source[column] + 1) * rows.columnCount + column] = usual[column];
    }
    model.scoreInto(variants, scores);
    for (let column = 0; column < columnCount; column++) {
      // The difference of two infinite scores is undefined: it counts as 0.
      result.values[row * columnCount + column] = scores[0] === scores[column + 1] ? 0 : scores[0] - scores[column + 1];
    }
  }
  return result;
}

/** The encoded row that has the usual value in every column. */
function usualRow(pipeline: Pipeline): Float64Array {
  const parts = pipeline.columns.map(({ encoding, profile }) => {
    const part = new Float64Array(encodedWidth(encoding));
    if (encoding.kind === "number" && profile.kind === "number") part[0] = (profile.median - encoding.center) / encoding.scale;
    if (encoding.kind === "one-hot") part[commonestOf(encoding.categories)] = 1;
    if (encoding.kind === "frequency") {
      part[0] = ((encoding.shares[commonestOf(encoding.categories)] ?? 0) - encoding.center) / encoding.scale;
    }
    return part;
  });
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/**
 * Place of the commonest category that is not the missing one, the empty text; 0 where there is no other.
 * @param categories in order of their counts, the commonest first.
 */
function commonestOf(categories: readonly string[]): number {
  return Math.max(
    0,
    categories.findIndex((category) => category !== ""),
  );
}
