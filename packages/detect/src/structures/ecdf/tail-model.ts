/** The fitted tails: sorted training columns, in which a new row is counted as one row more. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateArray, stateInteger } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { SortedColumns, TailRule } from "../../kernels/tail-kernels.ts";
import { columnCountMax } from "../../matrix.ts";

/** Numbers stored for each column: unit, mean, squares, cubes. */
const sumsPerColumn = 4;
const rowCountMax = 2_147_483_646;

export function createTailModel(state: SortedColumns, kernels: KernelSet): Model {
  const { sums } = state;
  const columnCount = sums.length;
  const scorer = kernels.createTailScorer(state);

  return {
    columnCount,
    scoreInto: (rows, scores) => scorer.sumsInto(rows, scores),
    contributionsInto: (rows, out) => scorer.cellsInto(rows, out),
    toState: () => ({
      values: { rowCount: sums[0].count, columnCount },
      arrays: {
        sorted: state.sorted,
        sums: Float64Array.from(sums.flatMap((column) => [column.unit, column.mean, column.squares, column.cubes])),
      },
    }),
  };
}

/** @throws NomalyError MODEL_FILE when the state is damaged. */
export function restoreTailModel(rule: TailRule, state: ModelState, kernels: KernelSet): Model {
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
  return createTailModel({ rule, sorted, sums }, kernels);
}

function requireSorted(sorted: Float64Array, start: number, end: number): void {
  const finite = Number.isFinite(sorted[start]) && Number.isFinite(sorted[end - 1]);
  let ascending = finite;
  for (let i = start + 1; i < end && ascending; i++) ascending = sorted[i - 1] <= sorted[i];
  if (!ascending) throw damaged("sorted", "finite columns in ascending order");
}
