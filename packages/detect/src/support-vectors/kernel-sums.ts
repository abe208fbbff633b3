/** Weighted sums of kernels over support vectors: a decision function, and the gradient a solver starts from. */

import type { KernelSet } from "../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../matrix.ts";
import { kernelRowInto, type KernelFunction } from "./kernel-function.ts";

/** Rows of support vectors held in the nearest cache while many rows pass by. */
const blockRowCount = 256;

export interface SupportVectors {
  readonly rows: Matrix;
  /** One a row. */
  readonly coefficients: Float64Array;
  readonly kernel: KernelFunction;
  /** Round each kernel value to float32, as libsvm's solver stores them. */
  readonly single?: boolean;
}

/** `out[row]` = sum over support vectors, in order, of coefficient times kernel. */
export function kernelSumsInto(vectors: SupportVectors, rows: Matrix, out: Float64Array): void {
  const { coefficients, kernel, single = false } = vectors;
  const width = rows.columnCount;
  const buffer = new Float64Array(Math.min(blockRowCount, coefficients.length));
  out.fill(0);
  for (let start = 0; start < coefficients.length; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, coefficients.length);
    const block = rowRange(vectors.rows, start, end).values;
    const weights = coefficients.subarray(start, end);
    const kernels = buffer.subarray(0, end - start);
    for (let row = 0; row < rows.rowCount; row++) {
      kernelRowInto(kernel, { values: rows.values, at: row * width }, block, width, kernels);
      if (single) for (let i = 0; i < kernels.length; i++) kernels[i] = Math.fround(kernels[i]);
      let sum = out[row];
      for (let i = 0; i < kernels.length; i++) sum += weights[i] * kernels[i];
      out[row] = sum;
    }
  }
}

/** Input of the task `core/kernelSums`; all arrays lie on shared memory. */
export interface KernelSumsTask {
  readonly vectors: SupportVectors;
  readonly rows: Matrix;
  readonly out: Float64Array;
}

export function kernelSumsTask(input: KernelSumsTask, _kernels: KernelSet): null {
  kernelSumsInto(input.vectors, input.rows, input.out);
  return null;
}
