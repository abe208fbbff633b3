/** The column family in plain float64: it defines the results that the other kernel sets must give. */

import type { BinCells, BinSearch, ColumnKernels, ProjectedSteps, Projections } from "../column-kernels.ts";
import type { Matrix } from "../../matrix.ts";

export const referenceColumn: ColumnKernels = {
  sortColumn,
  projectedRangesInto,
  projectedCountsInto,
  projectedSumsInto,
  columnRangesInto,
  binCountsInto,
  binnedCellsInto,
  binnedSumsInto,
};

function sortColumn(values: Float64Array, order: Uint32Array): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Not values[a] - values[b], which overflows to the same infinity for different values.
  order.sort((a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : a - b));
  const sorted = Float64Array.from(order, (place) => values[place] + 0);
  values.set(sorted);
}

function projectedRangesInto(rows: Matrix, projections: Projections, ranges: Float64Array): void {
  for (let row = 0; row < rows.rowCount; row++) {
    for (let index = 0; index < projections.count; index++) {
      const value = projected(rows, row, projections, index);
      if (value < ranges[2 * index]) ranges[2 * index] = value;
      if (value > ranges[2 * index + 1]) ranges[2 * index + 1] = value;
    }
  }
  for (let i = 0; i < ranges.length; i++) ranges[i] += 0; // -0 becomes 0
}

function projectedCountsInto(rows: Matrix, steps: ProjectedSteps, counts: Int32Array): void {
  for (let row = 0; row < rows.rowCount; row++) {
    for (let index = 0; index < steps.count; index++) counts[stepCell(rows, row, steps, index)]++;
  }
}

function projectedSumsInto(rows: Matrix, steps: ProjectedSteps, cells: Float64Array, sums: Float64Array): void {
  for (let row = 0; row < rows.rowCount; row++) {
    let sum = 0;
    for (let index = 0; index < steps.count; index++) sum += cells[stepCell(rows, row, steps, index)];
    sums[row] = sum;
  }
}

/** The sum starts from its first term, so that a projection of one column is that column times its weight. */
function projected(rows: Matrix, row: number, projections: Projections, index: number): number {
  const { width, columns, weights } = projections;
  const start = row * rows.columnCount;
  const end = (index + 1) * width;
  let at = index * width;
  let sum = rows.values[start + columns[at]] * weights[at];
  for (at++; at < end; at++) sum += rows.values[start + columns[at]] * weights[at];
  return sum;
}

function stepCell(rows: Matrix, row: number, steps: ProjectedSteps, index: number): number {
  const place = Math.floor((projected(rows, row, steps, index) - steps.lows[index]) * steps.scales[index]);
  const least = steps.leasts[index];
  const most = steps.mosts[index];
  // NaN fails the first comparison and counts as the least.
  const clamped = place > least ? (place < most ? place : most) : least;
  return steps.starts[index] + clamped - least;
}

function columnRangesInto(rows: Matrix, ranges: Float64Array): void {
  const { columnCount, values } = rows;
  for (let at = 0; at < values.length; at += columnCount) {
    for (let column = 0; column < columnCount; column++) {
      const value = values[at + column];
      if (value < ranges[2 * column]) ranges[2 * column] = value;
      if (value > ranges[2 * column + 1]) ranges[2 * column + 1] = value;
    }
  }
  for (let i = 0; i < ranges.length; i++) ranges[i] += 0; // -0 becomes 0
}

function binCountsInto(rows: Matrix, search: BinSearch, counts: Int32Array): void {
  const { columnCount, values } = rows;
  for (let at = 0; at < values.length; at += columnCount) {
    for (let column = 0; column < columnCount; column++) counts[binOf(search, column, values[at + column])]++;
  }
}

function binnedCellsInto(rows: Matrix, bins: BinCells, out: Float64Array): void {
  const { columnCount, values } = rows;
  for (let at = 0; at < values.length; at += columnCount) {
    for (let column = 0; column < columnCount; column++) out[at + column] = cellOf(bins, column, values[at + column]);
  }
}

function binnedSumsInto(rows: Matrix, bins: BinCells, sums: Float64Array): void {
  const { columnCount, rowCount, values } = rows;
  for (let row = 0, at = 0; row < rowCount; row++, at += columnCount) {
    let sum = 0;
    for (let column = 0; column < columnCount; column++) sum += cellOf(bins, column, values[at + column]);
    sums[row] = sum;
  }
}

/** The bin of a value, counted over all columns; -1 below the first and -2 above the last bin of its column. */
function binOf({ firstBins, starts, scales }: BinSearch, column: number, value: number): number {
  const first = firstBins[column] + column;
  const last = firstBins[column + 1] - 1 + column;
  if (!(value >= starts[first])) return -1;
  if (!(value < starts[last + 1])) return -2;
  const guess = first + Math.min(last - first, ((value - starts[first]) * scales[column]) | 0);
  if (value >= starts[guess] && value < starts[guess + 1]) return guess - column;
  return lastNotAbove(starts, first, last, value) - column;
}

/** The last place in `[first, last]` whose start is not above the value. */
function lastNotAbove(starts: Float64Array, first: number, last: number, value: number): number {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function cellOf(bins: BinCells, column: number, value: number): number {
  const bin = binOf(bins, column, value);
  if (bin >= 0) return bins.cells[bin];
  const { firstBins, edges, cells, tol, outside } = bins;
  const outermost = bin === -1 ? firstBins[column] : firstBins[column + 1] - 1;
  const at = outermost + column;
  const distance = bin === -1 ? edges[at] - value : value - edges[at + 1];
  return distance <= (edges[at + 1] - edges[at]) * tol ? cells[outermost] : outside[column];
}
