/** Three views of a table's columns in which the members look for anomalies: as they are, scaled robustly, and as the asinh of that, which grows like a logarithm. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import { columnInto, zeros } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** `raw`: the columns that vary, as they are. `robust`: less the median, divided by a robust spread. `asinh`: asinh of that, standardised. */
export type Space = "raw" | "robust" | "asinh";

/** What the spaces learn from a table. Arrays have an entry for each column that varies. */
export interface Scales {
  /** The columns of the table that vary, ascending. Where none does, all of them. */
  readonly columns: Int32Array;
  readonly medians: Float64Array;
  readonly spreads: Float64Array;
  /** Mean and standard deviation of the asinh of the robustly scaled column. */
  readonly asinhMeans: Float64Array;
  readonly asinhDeviations: Float64Array;
}

/** Robust values are cut off here, so that their squares stay finite. */
const robustValueMax = 1e100;
/** Quartiles of a normal distribution lie so many standard deviations apart; its 5 % and 95 % percentiles, so many. */
const quartileSpread = 1.349;
const tailSpread = 3.29;

/** Learns the scales, column by column. The table is finite and has a row. */
export function* learnScales(train: Matrix, kernels: KernelSet): Pieces<Scales> {
  const columns: number[] = [];
  const parts: { median: number; spread: number; asinhMean: number; asinhDeviation: number }[] = [];
  const sorted = new Float64Array(train.rowCount);
  const scratch = new Uint32Array(train.rowCount);
  for (let pass = 0; pass < 2 && columns.length === 0; pass++) {
    for (let column = 0; column < train.columnCount; column++) {
      columnInto(train, column, sorted);
      yield;
      kernels.sortColumn(sorted, scratch);
      // In the second pass nothing varies: then every column stays, so that there is one.
      if (pass === 0 && sorted[0] === sorted[sorted.length - 1]) continue;
      columns.push(column);
      parts.push(scalesOf(sorted));
      yield;
    }
  }
  return {
    columns: Int32Array.from(columns),
    medians: Float64Array.from(parts, (part) => part.median),
    spreads: Float64Array.from(parts, (part) => part.spread),
    asinhMeans: Float64Array.from(parts, (part) => part.asinhMean),
    asinhDeviations: Float64Array.from(parts, (part) => part.asinhDeviation),
  };
}

function scalesOf(sorted: Float64Array) {
  const median = quantile(sorted, 0.5);
  const spread = spreadOf(sorted);
  const transformed = meanAndDeviation(sorted, (value) => Math.asinh(robustValue(value, median, spread)));
  return { median, spread, asinhMean: transformed.mean, asinhDeviation: positive(transformed.deviation) };
}

/** The spread of the middle half; where that is 0, of the middle nine tenths; where that is 0, the standard deviation; else 1. */
function spreadOf(sorted: Float64Array): number {
  const middle = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / quartileSpread;
  if (middle > 0 && Number.isFinite(middle)) return middle;
  const wide = (quantile(sorted, 0.95) - quantile(sorted, 0.05)) / tailSpread;
  if (wide > 0 && Number.isFinite(wide)) return wide;
  return positive(meanAndDeviation(sorted, (value) => value).deviation);
}

function positive(value: number): number {
  return value > 0 && Number.isFinite(value) ? value : 1;
}

/** The quantile between order statistics, linearly, as numpy's percentile. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  const weight = at - low;
  return sorted[low] * (1 - weight) + sorted[high] * weight;
}

function meanAndDeviation(values: Float64Array, of: (value: number) => number): { mean: number; deviation: number } {
  let sum = 0;
  for (const value of values) sum += of(value);
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (of(value) - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

function robustValue(value: number, median: number, spread: number): number {
  return Math.max(-robustValueMax, Math.min(robustValueMax, (value - median) / spread));
}

/** Writes rows as they stand in a space to `out`, `rows.rowCount` times the number of columns that vary. */
export function writeSpace(space: Space, rows: Matrix, scales: Scales, out: Float64Array): void {
  const { columns, medians, spreads, asinhMeans, asinhDeviations } = scales;
  for (let row = 0, to = 0; row < rows.rowCount; row++) {
    const from = row * rows.columnCount;
    for (let i = 0; i < columns.length; i++, to++) {
      const value = rows.values[from + columns[i]];
      if (space === "raw") {
        out[to] = value;
        continue;
      }
      const robust = robustValue(value, medians[i], spreads[i]);
      out[to] = space === "robust" ? robust : (Math.asinh(robust) - asinhMeans[i]) / asinhDeviations[i];
    }
  }
}

/** Rows turned between two pieces times columns: some ten milliseconds. */
const pieceValueCount = 500_000;

/** The rows as they stand in a space. */
export function* inSpace(space: Space, rows: Matrix, scales: Scales, out?: Float64Array): Pieces<Matrix> {
  const width = scales.columns.length;
  const result = out === undefined ? zeros(rows.rowCount, width) : { rowCount: rows.rowCount, columnCount: width, values: out };
  const pieceRowCount = Math.max(1, Math.floor(pieceValueCount / width));
  for (let start = 0; start < rows.rowCount; start += pieceRowCount) {
    if (start > 0) yield;
    const end = Math.min(start + pieceRowCount, rows.rowCount);
    const { columnCount, values } = rows;
    const part = { rowCount: end - start, columnCount, values: values.subarray(start * columnCount, end * columnCount) };
    writeSpace(space, part, scales, result.values.subarray(start * width, end * width));
  }
  return result;
}
