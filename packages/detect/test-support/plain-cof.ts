/** COF as its definition reads, for few rows: joins new rows to the training rows, whose own chains are kept. */

import type { Matrix } from "../src/matrix.ts";

type Row = readonly number[];

/** Source: Tang, Chen, Fu and Cheung, PAKDD 2002, definitions 5 and 6; neighbours join in the order of their distance from the row. */
export function plainCofScores(train: Matrix, fresh: Matrix, neighbourCount: number): Float64Array {
  const rows = rowsOf(train);
  const others = (index: number) => rows.map((row, at) => ({ row, at })).filter(({ at }) => at !== index);
  const chains = rows.map((row, index) => {
    const joined = nearest(row, others(index), neighbourCount);
    return chainLength([row, ...joined.map((one) => one.row)]);
  });
  return Float64Array.from(rowsOf(fresh), (row) => {
    const joined = nearest(row, others(-1), neighbourCount);
    const mean = joined.reduce((sum, { at }) => sum + chains[at], 0) / neighbourCount;
    return chainLength([row, ...joined.map((one) => one.row)]) / mean;
  });
}

interface Placed {
  readonly row: Row;
  readonly at: number;
}

/** The first of equally near ones. */
function nearest(row: Row, among: readonly Placed[], count: number): Placed[] {
  return among
    .map((one) => ({ ...one, square: squaredDistance(row, one.row) }))
    .toSorted((a, b) => a.square - b.square || a.at - b.at)
    .slice(0, count);
}

function chainLength(chain: readonly Row[]): number {
  const k = chain.length - 1;
  let sum = 0;
  for (let i = 1; i <= k; i++) {
    const link = Math.sqrt(Math.min(...chain.slice(0, i).map((before) => squaredDistance(before, chain[i]))));
    sum += ((2 * (k + 1 - i)) / (k * (k + 1))) * link;
  }
  return sum;
}

function squaredDistance(a: Row, b: Row): number {
  return a.reduce((sum, value, column) => sum + (value - b[column]) ** 2, 0);
}

function rowsOf({ rowCount, columnCount, values }: Matrix): Row[] {
  return Array.from({ length: rowCount }, (_, row) => [...values.subarray(row * columnCount, (row + 1) * columnCount)]);
}
