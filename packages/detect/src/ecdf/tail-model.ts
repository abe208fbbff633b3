/** The fitted tails: sorted training columns, in which a new row is counted as one row more. */

import type { Model, ModelState } from "../detector/detector.ts";
import { stateArray, stateInteger } from "../detector/state.ts";
import { NomalyError } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import { columnCountMax } from "../matrix.ts";
import type { ColumnBuckets, ColumnCounts } from "./column-lookup.ts";
import { columnBuckets, countsInto } from "./column-lookup.ts";
import type { CentralSums } from "./skewness.ts";
import { skewnessSignsWith } from "./skewness.ts";
import type { TailRule } from "./tail-cells.ts";
import { combineTails, minusLog } from "./tail-cells.ts";

export interface TailState {
  readonly rule: TailRule;
  /** Column after column, each ascending. */
  readonly sorted: Float64Array;
  /** One entry a column. */
  readonly sums: readonly CentralSums[];
}

/** Rows scored together: their cells of one column look up one sorted column while its buckets are in the cache. */
const blockRowCount = 4096;
/** Fewer rows in one call do not pay for building buckets. */
const bucketRowCountMin = 64;
/** Numbers stored for each column: unit, mean, squares, cubes. */
const sumsPerColumn = 4;
const rowCountMax = 2_147_483_646;

/** One block of one column: its values and their counts. */
interface Scratch extends ColumnCounts {
  readonly signs: Int8Array;
}

export function createTailModel(state: TailState): Model {
  const { rule, sums } = state;
  const columnCount = sums.length;
  const trainCount = sums[0].count;
  const columns = sums.map((_, index) => state.sorted.subarray(index * trainCount, (index + 1) * trainCount));
  // Built by the first call that pays for it; counts are the same with and without.
  let buckets: readonly ColumnBuckets[] | undefined;
  const scratch = createScratch();

  /** Adds to `out[row * stride + offset]` what this column says of each row from `start` to `end`. */
  function addColumn(rows: Matrix, column: number, start: number, end: number, out: Float64Array, stride: number): void {
    const length = end - start;
    const { values } = scratch;
    for (let i = 0, at = start * columnCount + column; i < length; i++, at += columnCount) values[i] = rows.values[at];
    countsInto(columns[column], buckets?.[column], length, scratch);
    skewnessSignsWith(sums[column], values, length, scratch.signs);
    const target = { out, first: stride === 1 ? start : start * stride + column, stride };
    if (rule === "ecod") addSmallerTails(trainCount + 1, scratch, length, target);
    else addTails(rule, trainCount + 1, scratch, length, target);
  }

  function addAll(rows: Matrix, out: Float64Array, stride: number): void {
    if (rows.rowCount >= bucketRowCountMin) buckets ??= columns.map(columnBuckets);
    for (let start = 0; start < rows.rowCount; start += blockRowCount) {
      const end = Math.min(start + blockRowCount, rows.rowCount);
      for (let column = 0; column < columnCount; column++) addColumn(rows, column, start, end, out, stride);
    }
  }

  return {
    columnCount,
    scoreInto(rows, scores) {
      scores.fill(0, 0, rows.rowCount);
      addAll(rows, scores, 1);
    },
    contributionsInto(rows, out) {
      out.fill(0, 0, rows.rowCount * columnCount);
      addAll(rows, out, columnCount);
    },
    toState: () => ({
      values: { rowCount: trainCount, columnCount },
      arrays: {
        sorted: state.sorted,
        sums: Float64Array.from(sums.flatMap((column) => [column.unit, column.mean, column.squares, column.cubes])),
      },
    }),
  };
}

function createScratch(): Scratch {
  return {
    values: new Float64Array(blockRowCount),
    below: new Int32Array(blockRowCount),
    upTo: new Int32Array(blockRowCount),
    firsts: new Float64Array(blockRowCount),
    signs: new Int8Array(blockRowCount),
  };
}

/** Where a column's cells are added: `out[first + i * stride]` for value i. No views, whose making costs a single row dearly. */
interface CellTarget {
  readonly out: Float64Array;
  readonly first: number;
  readonly stride: number;
}

/** ecod where a column is skewed: the larger of two logarithms, that of the smaller share. */
function addSmallerTails(total: number, scratch: Scratch, length: number, { out, first, stride }: CellTarget): void {
  const { below, upTo, signs } = scratch;
  for (let i = 0, at = first; i < length; i++, at += stride) {
    const left = upTo[i] + 1;
    const right = total - below[i];
    if (signs[i] !== 0) out[at] += minusLog(Math.min(left, right) / total);
    else out[at] += combineTails("ecod", minusLog(left / total), minusLog(right / total), 0);
  }
}

function addTails(rule: TailRule, total: number, scratch: Scratch, length: number, { out, first, stride }: CellTarget): void {
  const { below, upTo, signs } = scratch;
  for (let i = 0, at = first; i < length; i++, at += stride) {
    const left = minusLog((upTo[i] + 1) / total);
    const right = minusLog((total - below[i]) / total);
    out[at] += combineTails(rule, left, right, signs[i]);
  }
}

/** @throws NomalyError MODEL_FILE when the state is damaged. */
export function restoreTailModel(rule: TailRule, state: ModelState): Model {
  const rowCount = stateInteger(state, "rowCount", 1, rowCountMax);
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const sorted = stateArray(state, "sorted", Float64Array, rowCount * columnCount);
  const numbers = stateArray(state, "sums", Float64Array, columnCount * sumsPerColumn);
  for (let column = 0; column < columnCount; column++) requireSorted(sorted, column * rowCount, (column + 1) * rowCount);
  const sums = Array.from({ length: columnCount }, (_, column) => {
    const [unit, mean, squares, cubes] = numbers.subarray(column * sumsPerColumn, (column + 1) * sumsPerColumn);
    if (!(unit > 0) || ![unit, mean, squares, cubes].every(Number.isFinite))
      throw damaged("sums", "finite numbers, units above 0");
    return { count: rowCount, unit, mean, squares, cubes };
  });
  return createTailModel({ rule, sorted, sums });
}

function requireSorted(sorted: Float64Array, start: number, end: number): void {
  const finite = Number.isFinite(sorted[start]) && Number.isFinite(sorted[end - 1]);
  let ascending = finite;
  for (let i = start + 1; i < end && ascending; i++) ascending = sorted[i - 1] <= sorted[i];
  if (!ascending) throw damaged("sorted", "finite columns in ascending order");
}

function damaged(name: string, expected: string): NomalyError {
  return new NomalyError("MODEL_FILE", `the model's state has no valid "${name}"; expected ${expected}`, {
    field: name,
    expected,
  });
}
