/** Summary numbers of one column, with NaN counted as missing. */

import type { Matrix } from "../matrix.ts";

/** Values looked at for quantiles: enough for two digits of a 5 % quantile, whatever the length. */
const quantileSampleMax = 20_000;
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
  for (let i = 0; i < values.length; i++) if (values[i] === values[i]) squares += (values[i] / unit - mean) ** 2;
  return { presentCount, missingCount, min, max, mean: mean * unit, deviation: Math.sqrt(squares / presentCount) * unit };
}

/**
 * {@link summarize} of every column at once, to the bit, in two passes along the rows: columns of a wide table lie far apart
 * in memory. Undefined when a value is infinite or so large that sums need a unit of their own.
 */
export function summarizeColumns(table: Matrix): NumberSummary[] | undefined {
  const { values, columnCount, rowCount } = table;
  const counts = new Float64Array(columnCount);
  const mins = new Float64Array(columnCount).fill(Number.POSITIVE_INFINITY);
  const maxs = new Float64Array(columnCount).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(columnCount);
  for (let row = 0, at = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++, at++) {
      const value = values[at];
      if (value !== value) continue;
      counts[column]++;
      sums[column] += value;
      if (value < mins[column]) mins[column] = value;
      if (value > maxs[column]) maxs[column] = value;
    }
  }
  for (let column = 0; column < columnCount; column++) {
    if (counts[column] === 0 || !(Math.max(-mins[column], maxs[column]) <= plainMagnitudeMax)) return undefined;
  }
  const means = sums.map((sum, column) => sum / counts[column]);
  const squares = new Float64Array(columnCount);
  for (let row = 0, at = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++, at++) {
      const value = values[at];
      if (value === value) squares[column] += (value - means[column]) ** 2;
    }
  }
  return Array.from(counts, (presentCount, column) => ({
    presentCount,
    missingCount: rowCount - presentCount,
    min: mins[column],
    max: maxs[column],
    mean: means[column],
    deviation: Math.sqrt(squares[column] / presentCount),
  }));
}

/** The present values of `rowCount` read by `at(row)`, sorted: all of them up to 20,000, else as many taken at even steps. */
export function sortedSample(rowCount: number, at: (row: number) => number): Float64Array {
  const step = Math.max(1, rowCount / quantileSampleMax);
  const sample = new Float64Array(Math.min(rowCount, quantileSampleMax));
  let count = 0;
  for (let i = 0; i < sample.length; i++) {
    const value = at(Math.floor(i * step));
    if (value === value) sample[count++] = value;
  }
  return sample.subarray(0, count).sort();
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

/** Texts with their counts, the commonest first, equals in order of the text. `null` and "" count as "". */
export function countTexts(values: readonly (string | null)[]): [text: string, count: number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value ?? "", (counts.get(value ?? "") ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
