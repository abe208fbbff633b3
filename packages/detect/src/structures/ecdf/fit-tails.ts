/** Fits the tails of every column: sorts the columns on all threads and sums the training scores in column order. */

import type { FitContext, Fitted, Task } from "../../detector/detector.ts";
import { throwIfAborted } from "../../errors.ts";
import type { CentralSums, TailRule } from "../../kernels/tail-kernels.ts";
import type { Matrix } from "../../matrix.ts";
import { sharedFloat64 } from "../../shared-memory.ts";
import { yieldWhenDue } from "../../threads/yield-when-due.ts";
import { columnMajor, columnMajorInto } from "./column-major.ts";
import type { TailCellsTask } from "./tail-cells.ts";
import { tailCells, tailLogsInto } from "./tail-cells.ts";
import { createTailModel } from "./tail-model.ts";

/** Cells held at once, unless each thread's column is longer: bounds memory, and keeps small columns together. */
const heldCellCount = 1_000_000;

/** The tasks of a detector that fits tails: its id is its rule. */
export const tailTasks: Readonly<Record<string, Task>> = { columnMajor: columnMajorInto, tailCells };

export async function fitTails(train: Matrix, rule: TailRule, context: FitContext): Promise<Fitted> {
  const { rowCount, columnCount } = train;
  const { threads, kernels, signal, progress } = context;
  const sorted = await columnMajor(rule, train, context);
  const logs = sharedFloat64(rowCount + 1);
  tailLogsInto(logs);
  const heldColumnCount = Math.min(columnCount, Math.max(threads.count, Math.floor(heldCellCount / rowCount)));
  const cells = sharedFloat64(heldColumnCount * rowCount);
  const trainingScores = new Float64Array(rowCount);
  const sums: CentralSums[] = [];
  for (let first = 0; first < columnCount; first += heldColumnCount) {
    throwIfAborted(signal);
    const inputs = Array.from({ length: Math.min(heldColumnCount, columnCount - first) }, (_, i) => ({
      rule,
      column: sorted.subarray((first + i) * rowCount, (first + i + 1) * rowCount),
      logs,
      cells: cells.subarray(i * rowCount, (i + 1) * rowCount),
    }));
    const onDone = (doneCount: number) => progress?.((first + doneCount) / columnCount);
    const options = { ...(signal === undefined ? {} : { signal }), onDone };
    sums.push(...(await threads.map<TailCellsTask, CentralSums>(`${rule}/tailCells`, inputs, kernels, options)));
    for (const input of inputs) addInto(trainingScores, input.cells);
    await yieldWhenDue();
  }
  return { model: createTailModel({ rule, sorted, sums }, kernels), trainingScores };
}

function addInto(sums: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] += values[i];
}
