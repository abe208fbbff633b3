/** Summary numbers of one column, with NaN counted as missing. */

import type { Matrix } from "../matrix.ts";
import { createRandom } from "../random.ts";
import { categoryOf } from "./texts.ts";

/** Values looked at for quantiles: enough for two digits of a 5 % quantile, whatever the length. */
const quantileSampleMax = 8192;
const sampleSeed = 1;
/** Values of a block of rows that is read once for each column: 64 KiB of float64. */
const blockValueCount = 8192;
/** Squares of values up to this size do not overflow, however many are summed. */
const plainMagnitudeMax = 1e145;

export interface NumberSummary {
  readonly presentCount: number;
  readonly missingCount: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly deviation: number;
}

/** Two passes over the values, in order; divides by the largest magnitude first, so that huge values do not overflow. */
export function summarize(values: Float64Array): NumberSummary {
  let presentCount = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== value) continue; // NaN alone differs from itself.
    presentCount++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const missingCount = values.length - presentCount;
  if (presentCount === 0) return { presentCount, missingCount, min: 0, max: 0, mean: 0, deviation: 0 };
  const largest = Math.max(Math.abs(min), Math.abs(max));
  const unit = largest > plainMagnitudeMax ? largest : 1;
  let sum = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === values[i]) sum += values[i] / unit;
  const mean = sum / presentCount;
  let squares = 0;
  for (let i = 0; i < values.length; i++)
    if (values[i] === values[i]) squares += (values[i] / unit - mean) * (values[i] / unit - mean);
  return { presentCount, missingCount, min, max, mean: mean * unit, deviation: Math.sqrt(squares / presentCount) * unit };
}

/**
 * {@link summarize} of every column with the same bits, in one walk along the rows: a column of a wide table lies scattered in
 * memory, so blocks of rows are read that stay in the processor's cache.
 * Yields after each block. Undefined when values are missing, infinite, or so large that sums need a unit of their own.
 * @param withDeviation false leaves `mean` and `deviation` 0 and saves a pass.
 */
export function* summarizeColumns(table: Matrix, withDeviation: boolean): Generator<void, NumberSummary[] | undefined, void> {
  const { columnCount, rowCount } = table;
  const ranges = Array.from({ length: columnCount }, () => ({
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0,
  }));
  yield* forEachBlock(table, (start, end) => {
    for (let column = 0; column < columnCount; column++) extendRange(table, column, start, end, ranges[column]);
  });
  // A sum is NaN as soon as one value is.
  if (rowCount === 0 || !ranges.every(({ min, max, sum }) => Math.max(-min, max) <= plainMagnitudeMax && sum === sum))
    return undefined;
  const means = ranges.map(({ sum }) => (withDeviation ? sum / rowCount : 0));
  const squares = new Float64Array(columnCount);
  if (withDeviation) {
    yield* forEachBlock(table, (start, end) => {
      for (let column = 0; column < columnCount; column++) {
        squares[column] = addSquares(table, column, start, end, { mean: means[column], sum: squares[column] });
      }
    });
  }
  return ranges.map(({ min, max }, column) => ({
    presentCount: rowCount,
    missingCount: 0,
    min,
    max,
    mean: means[column],
    deviation: Math.sqrt(squares[column] / rowCount),
  }));
}

function* forEachBlock(table: Matrix, visit: (start: number, end: number) => void): Generator<void, void, void> {
  const blockRowCount = Math.max(1, Math.floor(blockValueCount / table.columnCount));
  for (let start = 0; start < table.rowCount; start += blockRowCount) {
    visit(start, Math.min(start + blockRowCount, table.rowCount));
    yield;
  }
}

function extendRange(
  table: Matrix,
  column: number,
  start: number,
  end: number,
  range: { min: number; max: number; sum: number },
): void {
  const { values, columnCount } = table;
  let { min, max, sum } = range;
  for (let at = start * columnCount + column, stop = end * columnCount; at < stop; at += columnCount) {
    const value = values[at];
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  range.min = min;
  range.max = max;
  range.sum = sum;
}

function addSquares(table: Matrix, column: number, start: number, end: number, from: { mean: number; sum: number }): number {
  const { values, columnCount } = table;
  const { mean } = from;
  let { sum } = from;
  for (let at = start * columnCount + column, stop = end * columnCount; at < stop; at += columnCount) {
    const deviation = values[at] - mean;
    sum += deviation * deviation;
  }
  return sum;
}

/**
 * The present values of `rowCount` read by `at(row)`, sorted: all of them up to 8,192, else one at a random place in each of as
 * many equal ranges of rows. The places are the same every time, and rows that repeat with a period do not bias them.
 */
export function sortedSample(rowCount: number, at: (row: number) => number): Float64Array {
  const places = samplePlaces(rowCount);
  const sample = new Float64Array(places.length);
  let count = 0;
  for (let i = 0; i < places.length; i++) {
    const value = at(places[i]);
    if (value === value) sample[count++] = value;
  }
  return sample.subarray(0, count).sort();
}

/** {@link sortedSample} of every column of a table without missing values, before sorting: each sampled row is read once. */
export function sampleColumns({ values, rowCount, columnCount }: Matrix): Float64Array[] {
  const places = samplePlaces(rowCount);
  const samples = Array.from({ length: columnCount }, () => new Float64Array(places.length));
  for (let i = 0; i < places.length; i++) {
    const at = places[i] * columnCount;
    for (let column = 0; column < columnCount; column++) samples[column][i] = values[at + column];
  }
  return samples;
}

function samplePlaces(rowCount: number): Float64Array {
  const places = new Float64Array(Math.min(rowCount, quantileSampleMax));
  const step = rowCount / places.length;
  const random = createRandom(sampleSeed);
  for (let i = 0; i < places.length; i++) {
    places[i] = step === 1 ? i : Math.min(rowCount - 1, Math.floor((i + random.uniform()) * step));
  }
  return places;
}

/** The median of all present values. */
export function exactMedian(values: Float64Array): number {
  return quantile(values.filter((value) => value === value).sort(), 0.5);
}

/** Linear interpolation between order statistics, as numpy does by default. 0 for an empty sample. */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return 0;
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  const weight = position - below;
  return weight === 0 ? sorted[below] : sorted[below] * (1 - weight) + sorted[above] * weight;
}

/** Categories with their counts, the commonest first, equals in order of the text. Missing ones count as "". */
export function countTexts(values: readonly (string | null)[]): [text: string, count: number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(categoryOf(value), (counts.get(categoryOf(value)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
