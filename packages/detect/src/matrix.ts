/** A table of numbers: row-major float64, the only shape in which rows reach a detector. */

import { NomalyError } from "./errors.ts";

/** `values[row * columnCount + column]`; `values.length === rowCount * columnCount`. */
export interface Matrix {
  /** Rows. */
  readonly rowCount: number;
  /** Columns. */
  readonly columnCount: number;
  /** Row after row. */
  readonly values: Float64Array;
}

/** Largest width accepted, so that a wrong column count fails at once instead of exhausting memory. */
export const columnCountMax = 10_000;

/**
 * Wraps values without copying.
 * @throws NomalyError SHAPE when the length is no multiple of `columnCount`, or `columnCount` is not 1..10,000.
 */
export function matrix(values: Float64Array, columnCount: number): Matrix {
  if (!Number.isInteger(columnCount) || columnCount < 1 || columnCount > columnCountMax) {
    throw new NomalyError("SHAPE", `columnCount must be a whole number from 1 to ${columnCountMax}, got ${columnCount}`, {
      field: "columnCount",
      received: String(columnCount),
    });
  }
  if (values.length % columnCount !== 0) {
    throw new NomalyError("SHAPE", `${values.length} values do not fill rows of ${columnCount} columns`, { field: "values" });
  }
  return { rowCount: values.length / columnCount, columnCount, values };
}

/** An n x d table of zeros. */
export function zeros(rowCount: number, columnCount: number): Matrix {
  return { rowCount, columnCount, values: new Float64Array(rowCount * columnCount) };
}

/** Copies arrays of numbers; every row must have the width of the first. */
export function matrixFromRows(rows: readonly (readonly number[])[]): Matrix {
  const columnCount = rows[0]?.length ?? 1;
  const result = zeros(rows.length, columnCount);
  for (let row = 0; row < rows.length; row++) {
    const source = rows[row];
    if (source.length !== columnCount) {
      throw new NomalyError("SHAPE", `row ${row} has ${source.length} values, row 0 has ${columnCount}`, {
        field: `rows[${row}]`,
      });
    }
    for (let column = 0; column < columnCount; column++) result.values[row * columnCount + column] = source[column];
  }
  return result;
}

/** Rows `start` to `end` (exclusive) as a view on the same memory. */
export function rowRange(table: Matrix, start: number, end: number): Matrix {
  const width = table.columnCount;
  return { rowCount: end - start, columnCount: width, values: table.values.subarray(start * width, end * width) };
}

/** Copies the named rows, in the order given. */
export function pickRows(table: Matrix, rowIndexes: ArrayLike<number>): Matrix {
  const width = table.columnCount;
  const result = zeros(rowIndexes.length, width);
  for (let i = 0; i < rowIndexes.length; i++) {
    const from = rowIndexes[i] * width;
    for (let column = 0; column < width; column++) result.values[i * width + column] = table.values[from + column];
  }
  return result;
}

/** Copies one column into `out` (length rowCount). */
export function columnInto(table: Matrix, column: number, out: Float64Array): void {
  const { values, columnCount, rowCount } = table;
  for (let row = 0, at = column; row < rowCount; row++, at += columnCount) out[row] = values[at];
}

/**
 * Refuses NaN and infinity.
 * @throws NomalyError NOT_FINITE naming the row and column of the first one.
 */
export function requireFinite(table: Matrix): void {
  const { values, columnCount } = table;
  if (areFinite(values)) return;
  const at = values.findIndex((value) => !Number.isFinite(value));
  const row = Math.floor(at / columnCount);
  const column = at % columnCount;
  throw new NomalyError("NOT_FINITE", `row ${row}, column ${column} is ${values[at]}; every value must be a finite number`, {
    field: `rows[${row}][${column}]`,
    received: String(values[at]),
  });
}

/** Sums x - x, which is 0 for finite x and else NaN: one add a value, no call. Four sums, so that no add waits for another. */
export function areFinite(values: Float64Array): boolean {
  const { length } = values;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    a += values[i] - values[i];
    b += values[i + 1] - values[i + 1];
    c += values[i + 2] - values[i + 2];
    d += values[i + 3] - values[i + 3];
  }
  for (; i < length; i++) a += values[i] - values[i];
  return a + b + c + d === 0;
}

/** A value of column c becomes `(value - centers[c]) / scales[c]`. */
export interface RowScaling {
  readonly centers: Float64Array;
  readonly scales: Float64Array;
}

/** Values scaled before their results are checked, while these are still in the cache. */
const checkedValueCount = 8192;

/** Writes the scaled rows to `out`, of the same length. @returns whether all that was written is finite. */
export function scaleRowsInto({ values, columnCount }: Matrix, { centers, scales }: RowScaling, out: Float64Array): boolean {
  const blockLength = Math.max(1, Math.floor(checkedValueCount / columnCount)) * columnCount;
  let isFinite = true;
  for (let start = 0; start < values.length; start += blockLength) {
    const end = Math.min(start + blockLength, values.length);
    for (let at = start; at < end; at += columnCount) {
      for (let column = 0; column < columnCount; column++) {
        out[at + column] = (values[at + column] - centers[column]) / scales[column];
      }
    }
    isFinite = areFinite(out.subarray(start, end)) && isFinite;
  }
  return isFinite;
}

/** @throws NomalyError SHAPE when the table's width is not the model's. */
export function requireWidth(table: Matrix, columnCount: number): void {
  if (table.columnCount !== columnCount) {
    throw new NomalyError("SHAPE", `the model was fitted on ${columnCount} columns, these rows have ${table.columnCount}`, {
      field: "columnCount",
      expected: String(columnCount),
      received: String(table.columnCount),
    });
  }
}
