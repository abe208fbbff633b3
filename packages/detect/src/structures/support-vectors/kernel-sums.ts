/** Sums of kernels over support vectors: a decision function, and the gradient a solver starts from. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { kernelRowInto, type KernelFunction } from "./kernel-function.ts";

/** Rows of support vectors held in the nearest cache while many rows pass by. */
const blockRowCount = 256;
/** Length of the one array of shifts, all 0, that all blocks share. */
const shiftCount = 4096;

/** Most support vectors of a one-class machine stand at their bound, with coefficient 1: their sum needs no weights. */
export interface SupportVectors {
  readonly kernel: KernelFunction;
  readonly boundedRows: Matrix;
  readonly freeRows: Matrix;
  /** One for each free row. */
  readonly freeCoefficients: Float64Array;
  /** Round each kernel value to float32, as libsvm's solver stores them. */
  readonly single?: boolean;
}

export interface KernelSums {
  /** `out[row]` = sum over the bounded, then the free support vectors, in order, of coefficient times kernel. */
  sumsInto(rows: Matrix, out: Float64Array): void;
}

export function createKernelSums(vectors: SupportVectors, kernels: KernelSet): KernelSums {
  const { kernel, boundedRows, freeRows, freeCoefficients, single = false } = vectors;
  const ones = new Float64Array(boundedRows.rowCount).fill(1);
  const isGaussian = kernel.kind === "rbf" && !single && boundedRows.rowCount > 0;
  const points = isGaussian ? kernels.gaussianPoints(boundedRows) : undefined;
  const shifts = new Float64Array(shiftCount);

  function boundedSumsInto(rows: Matrix, out: Float64Array): void {
    if (points === undefined || kernel.kind !== "rbf") {
      out.fill(0);
      addSums({ kernel, rows: boundedRows, coefficients: ones, single }, rows, out);
      return;
    }
    for (let start = 0; start < rows.rowCount; start += shiftCount) {
      const end = Math.min(start + shiftCount, rows.rowCount);
      points.sumsInto(rowRange(rows, start, end), { factor: kernel.gamma, shifts }, out.subarray(start, end));
    }
  }

  function sumsInto(rows: Matrix, out: Float64Array): void {
    boundedSumsInto(rows, out);
    addSums({ kernel, rows: freeRows, coefficients: freeCoefficients, single }, rows, out);
  }

  return { sumsInto };
}

interface WeightedRows {
  readonly kernel: KernelFunction;
  readonly rows: Matrix;
  readonly coefficients: Float64Array;
  readonly single: boolean;
}

function addSums(weighted: WeightedRows, rows: Matrix, out: Float64Array): void {
  const { coefficients, kernel, single } = weighted;
  const width = rows.columnCount;
  const buffer = new Float64Array(Math.min(blockRowCount, coefficients.length));
  for (let start = 0; start < coefficients.length; start += blockRowCount) {
    const end = Math.min(start + blockRowCount, coefficients.length);
    const block = rowRange(weighted.rows, start, end).values;
    const weights = coefficients.subarray(start, end);
    const kernels = buffer.subarray(0, end - start);
    for (let row = 0; row < rows.rowCount; row++) {
      kernelRowInto(kernel, { values: rows.values, at: row * width }, block, width, kernels);
      if (single) roundToSingle(kernels);
      let sum = out[row];
      for (let i = 0; i < kernels.length; i++) sum += weights[i] * kernels[i];
      out[row] = sum;
    }
  }
}

function roundToSingle(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.fround(values[i]);
}

/** Input of the task `core/kernelSums`; all arrays lie on shared memory. */
export interface KernelSumsTask {
  readonly vectors: SupportVectors;
  readonly rows: Matrix;
  readonly out: Float64Array;
}

export function kernelSumsTask(input: KernelSumsTask, kernels: KernelSet): null {
  createKernelSums(input.vectors, kernels).sumsInto(input.rows, input.out);
  return null;
}
