/** The column family in plain float64: the truth the other kernel sets are held to. */

import type { ColumnKernels, ProjectedSteps, Projections } from "../column-kernels.ts";
import type { Matrix } from "../../matrix.ts";

export const referenceColumn: ColumnKernels = { sortColumn, projectedRangesInto, projectedCountsInto, projectedSumsInto };

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
