/** Scores rows by the tails of sorted columns: a few rows at once, many in an order that goes through memory in order. */

import type { Matrix } from "../matrix.ts";
import type { ArrangedValues } from "./arranged-values.ts";
import { arrangeInto, createArrangedValues } from "./arranged-values.ts";
import type { ColumnBuckets, ColumnCounts } from "./column-lookup.ts";
import { columnBuckets, countsInto, createLookupScratch } from "./column-lookup.ts";
import { readAhead } from "./read-ahead.ts";
import type { CentralSums } from "./skewness.ts";
import { skewnessSignsWith } from "./skewness.ts";
import type { TailRule } from "./tail-cells.ts";
import { combineTails, minusLog, tailLogsInto } from "./tail-cells.ts";

export interface SortedColumns {
  readonly rule: TailRule;
  /** Column after column, each ascending. */
  readonly sorted: Float64Array;
  /** One entry a column. */
  readonly sums: readonly CentralSums[];
}

/** Adds what each column says of each row to `out`: to one place a row, or to one place a row and column. */
export type AddTails = (rows: Matrix, out: Float64Array, placesPerRow: "one" | "columns") => void;

/** Values of one column looked up together: what is known of each stays in the cache. */
const blockRowCount = 1024;
/** Rows whose values of one column are arranged together. */
const arrangedRowCountMax = 131_072;
/** Shorter columns stay in the cache, in whatever order values are looked up. */
const arrangedTrainCountMin = 65_536;
/** Arranging pays from one value for so many entries of the column. */
const entriesPerValueMax = 32;
/** Fewer rows in one call do not pay for building tables. */
const tabledRowCountMin = 64;

/** One block of one column: its values, their counts, and what each adds to a score. */
interface Scratch extends ColumnCounts {
  readonly signs: Int8Array;
  /** Rows not above and not below each value, itself among them, and the smaller of the two. */
  readonly lefts: Int32Array;
  readonly rights: Int32Array;
  readonly smaller: Int32Array;
  readonly cells: Float64Array;
}

/** What many rows pay for; scores are the same without. */
interface Tables {
  readonly buckets: readonly (ColumnBuckets | undefined)[];
  /** Minus the logarithm of i / (training rows + 1). */
  readonly logs: Float64Array;
}

/** The values of one column of many rows, and the same arranged. */
interface Arrangement {
  readonly values: Float64Array;
  readonly arranged: ArrangedValues;
}

export function createTailScorer({ rule, sorted, sums }: SortedColumns): AddTails {
  const columnCount = sums.length;
  const trainCount = sums[0].count;
  const columns = sums.map((_, index) => sorted.subarray(index * trainCount, (index + 1) * trainCount));
  const scratch = createScratch();
  // Made by the first call that pays for them.
  let tables: Tables | undefined;
  let arrangement: Arrangement | undefined;

  /** What the column says of the first `length` values of the scratch, into its cells. */
  function findCells(column: number, length: number): void {
    countsInto(columns[column], tables?.buckets[column], length, scratch);
    skewnessSignsWith(sums[column], scratch.values, length, scratch.signs);
    countTails(trainCount + 1, scratch, length);
    if (tables === undefined) computedCells(rule, trainCount + 1, scratch, length);
    else if (rule === "ecod") smallerTailCells(tables.logs, scratch, length);
    else tailCells(rule, tables.logs, scratch, length);
  }

  function addInOrder(rows: Matrix, column: number, start: number, end: number, target: Target): void {
    for (let first = start; first < end; first += blockRowCount) {
      const length = Math.min(blockRowCount, end - first);
      columnInto(rows, column, first, length, scratch.values);
      findCells(column, length);
      for (let i = 0, at = first * target.stride + target.offset; i < length; i++, at += target.stride) {
        target.out[at] += scratch.cells[i];
      }
    }
  }

  function addArranged(rows: Matrix, column: number, buckets: ColumnBuckets, start: number, end: number, target: Target): void {
    arrangement ??= { values: new Float64Array(arrangedRowCountMax), arranged: createArrangedValues(arrangedRowCountMax) };
    const { values, arranged } = arrangement;
    const count = end - start;
    columnInto(rows, column, start, count, values);
    arrangeInto(values, count, buckets, arranged);
    for (let first = 0; first < count; first += blockRowCount) {
      const length = Math.min(blockRowCount, count - first);
      scratch.values.set(arranged.values.subarray(first, first + length));
      findCells(column, length);
      // Cells take the places of the values, which are not needed any more.
      arranged.values.set(scratch.cells.subarray(0, length), first);
    }
    addFrom(arranged, count, start, target);
  }

  return (rows, out, placesPerRow) => {
    if (rows.rowCount >= tabledRowCountMin) tables ??= createTables(columns);
    for (let start = 0; start < rows.rowCount; start += arrangedRowCountMax) {
      const end = Math.min(start + arrangedRowCountMax, rows.rowCount);
      const arranges = trainCount >= arrangedTrainCountMin && (end - start) * entriesPerValueMax >= trainCount;
      for (let column = 0; column < columnCount; column++) {
        const target = placesPerRow === "one" ? { out, stride: 1, offset: 0 } : { out, stride: columnCount, offset: column };
        const buckets = arranges ? tables?.buckets[column] : undefined;
        if (buckets === undefined) addInOrder(rows, column, start, end, target);
        else addArranged(rows, column, buckets, start, end, target);
      }
    }
  };
}

/** Where a column's cells are added: at `row * stride + offset`. */
interface Target {
  readonly out: Float64Array;
  readonly stride: number;
  readonly offset: number;
}

function createScratch(): Scratch {
  return {
    values: new Float64Array(blockRowCount),
    below: new Int32Array(blockRowCount),
    upTo: new Int32Array(blockRowCount),
    scratch: createLookupScratch(blockRowCount),
    signs: new Int8Array(blockRowCount),
    lefts: new Int32Array(blockRowCount),
    rights: new Int32Array(blockRowCount),
    smaller: new Int32Array(blockRowCount),
    cells: new Float64Array(blockRowCount),
  };
}

function createTables(columns: readonly Float64Array[]): Tables {
  const logs = new Float64Array(columns[0].length + 2);
  tailLogsInto(logs);
  return { buckets: columns.map(columnBuckets), logs };
}

function columnInto(rows: Matrix, column: number, start: number, length: number, out: Float64Array): void {
  const { values, columnCount } = rows;
  for (let i = 0, at = start * columnCount + column; i < length; i++, at += columnCount) out[i] = values[at];
}

/** Adds the arranged cell of each row from `start` on, in the order of the rows. */
function addFrom({ values, places }: ArrangedValues, count: number, start: number, { out, stride, offset }: Target): void {
  for (let i = 0, at = start * stride + offset; i < count; i++, at += stride) out[at] += values[places[i]];
}

function countTails(total: number, { below, upTo, lefts, rights, smaller }: Scratch, length: number): void {
  for (let i = 0; i < length; i++) {
    const left = upTo[i] + 1;
    const right = total - below[i];
    lefts[i] = left;
    rights[i] = right;
    smaller[i] = Math.min(left, right);
  }
}

/** ecod where a column is skewed: the larger of two logarithms, that of the smaller share. */
function smallerTailCells(logs: Float64Array, { lefts, rights, smaller, signs, cells }: Scratch, length: number): void {
  readAhead(logs, smaller, length);
  for (let i = 0; i < length; i++) cells[i] = signs[i] === 0 ? logs[lefts[i]] + logs[rights[i]] : logs[smaller[i]];
}

function tailCells(rule: TailRule, logs: Float64Array, { lefts, rights, signs, cells }: Scratch, length: number): void {
  readAhead(logs, lefts, length);
  readAhead(logs, rights, length);
  for (let i = 0; i < length; i++) cells[i] = combineTails(rule, logs[lefts[i]], logs[rights[i]], signs[i]);
}

/** The same without a table of logarithms. */
function computedCells(rule: TailRule, total: number, { lefts, rights, signs, cells }: Scratch, length: number): void {
  for (let i = 0; i < length; i++) {
    cells[i] = combineTails(rule, minusLog(lefts[i] / total), minusLog(rights[i] / total), signs[i]);
  }
}
