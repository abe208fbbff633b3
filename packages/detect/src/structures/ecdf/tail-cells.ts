/** How unlikely each training value is in its column: minus the logarithm of its tail probabilities, combined. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { CentralSums, TailRule } from "../../kernels/tail-kernels.ts";
import { combineTails, minusLog } from "../../kernels/tail-kernels.ts";
import { centralSums, skewnessSign } from "./skewness.ts";
import { sortColumn } from "../histograms/sorted-column.ts";
import type { Pieces } from "../../threads/pieces.ts";

/** Input of the task `tailCells`; every array lies on shared memory. */
export interface TailCellsTask {
  readonly rule: TailRule;
  /** One column in row order; sorted in place. */
  readonly column: Float64Array;
  /** `logs[i]` is minus the logarithm of i / rowCount. */
  readonly logs: Float64Array;
  /** The column's part of each row's score, in row order. */
  readonly cells: Float64Array;
}

/** `result[i] = -log(i / count)`; entry 0, which no row of its own column can have, is 0. */
export function tailLogsInto(out: Float64Array): void {
  const count = out.length - 1;
  out[0] = 0;
  for (let i = 1; i <= count; i++) out[i] = minusLog(i / count);
}

/** The task `tailCells`: sorts the column, writes its cells, and gives the sums that scoring needs. */
export function* tailCells(task: TailCellsTask, kernels: KernelSet): Pieces<CentralSums> {
  const { column, cells, logs, rule } = task;
  const count = column.length;
  const order = new Uint32Array(count);
  yield* sortColumn(column, order, kernels);
  const sums = centralSums(column);
  const sign = skewnessSign(sums);
  // The rows of a run of equal values share one cell: `end` rows are not above them, `count - start` not below.
  for (let start = 0; start < count;) {
    const value = column[start];
    let end = start + 1;
    while (end < count && column[end] === value) end++;
    const cell = combineTails(rule, logs[end], logs[count - start], sign);
    for (let i = start; i < end; i++) cells[order[i]] = cell;
    start = end;
  }
  return sums;
}
