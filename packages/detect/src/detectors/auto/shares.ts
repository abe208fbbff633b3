/** What share of a member's score comes from each column: numbers from 0 that sum to 1. */

import type { Model } from "../../detector/detector.ts";
import type { Matrix } from "../../matrix.ts";
import { zeros } from "../../matrix.ts";

/** Columns replaced by their usual value in turn, those farthest from it, for members that have no contributions of their own. */
const substitutedColumnCountMax = 32;

/**
 * The member's own contributions above 0, or the effects of making each column usual in turn, divided by their sum. Where
 * no column adds to the score, every column gets the same share.
 * @param scores the model's scores of the rows.
 * @param usual the usual value of each column.
 * @returns `shares[row * columnCount + column]`.
 */
export function sharesOf(model: Model, rows: Matrix, scores: Float64Array, usual: Float64Array): Float64Array {
  const { rowCount, columnCount } = rows;
  const shares = new Float64Array(rowCount * columnCount);
  if (model.contributionsInto === undefined) substitutionsInto(model, rows, scores, usual, shares);
  else model.contributionsInto(rows, shares);
  for (let row = 0; row < rowCount; row++) toShares(shares.subarray(row * columnCount, (row + 1) * columnCount));
  return shares;
}

function toShares(line: Float64Array): void {
  let most = 0;
  for (const value of line) if (value > most) most = value;
  if (most === Number.POSITIVE_INFINITY) for (let i = 0; i < line.length; i++) line[i] = line[i] === most ? 1 : 0;
  else if (most > 0) for (let i = 0; i < line.length; i++) line[i] = line[i] > 0 ? line[i] / most : 0;
  else line.fill(1);
  let sum = 0;
  for (const value of line) sum += value;
  for (let i = 0; i < line.length; i++) line[i] /= sum;
}

function substitutionsInto(model: Model, rows: Matrix, scores: Float64Array, usual: Float64Array, out: Float64Array): void {
  const { columnCount } = rows;
  const count = Math.min(columnCount, substitutedColumnCountMax);
  const variants = zeros(count, columnCount);
  const variantScores = new Float64Array(count);
  for (let row = 0; row < rows.rowCount; row++) {
    const values = rows.values.subarray(row * columnCount, (row + 1) * columnCount);
    const columns = farthestColumns(values, usual, count);
    for (let i = 0; i < count; i++) {
      variants.values.set(values, i * columnCount);
      variants.values[i * columnCount + columns[i]] = usual[columns[i]];
    }
    model.scoreInto(variants, variantScores);
    for (let i = 0; i < count; i++) out[row * columnCount + columns[i]] = scores[row] - variantScores[i];
  }
}

function farthestColumns(values: Float64Array, usual: Float64Array, count: number): number[] {
  const columns = [...values.keys()];
  if (columns.length <= count) return columns;
  const distance = (column: number) => Math.abs(values[column] - usual[column]);
  return columns.toSorted((a, b) => distance(b) - distance(a) || a - b).slice(0, count);
}
