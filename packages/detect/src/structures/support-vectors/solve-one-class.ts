/** The one-class support vector machine's quadratic problem, solved two variables at a time. */

import { throwIfAborted } from "../../errors.ts";
import { rowRange, type Matrix } from "../../matrix.ts";
import { isYieldDue, yieldWhenDue } from "../../threads/yield-when-due.ts";
import type { KernelFunction } from "./kernel-function.ts";
import { createOneClassProblem, type OneClassProblem } from "./one-class-problem.ts";
import type { SupportVectors } from "./kernel-sums.ts";
import { sumKernels, type KernelSumsContext } from "./sum-kernels.ts";
import { inTurns } from "../../threads/pieces.ts";

export interface OneClassOptions {
  readonly kernel: KernelFunction;
  /** Share of the rows that are support vectors at least, and outside at most. */
  readonly nu: number;
  /** Largest violation of the optimality conditions left, in units of the gradient. */
  readonly tolerance: number;
  readonly shrinking: boolean;
  /** -1 for the default limit, which only badly scaled problems reach: 100,000, or 100 a row. */
  readonly iterationCountMax: number;
  readonly cacheBytesMax: number;
  /** Round kernel values to float32 while solving, as libsvm stores them. */
  readonly single: boolean;
}

/** minimise alpha' K alpha / 2 with 0 <= alpha <= 1 and sum(alpha) = nu n. */
export interface OneClassSolution {
  readonly alpha: Float64Array;
  /** `gradient[row]` = sum over rows j of alpha[j] kernel(row, j). */
  readonly gradient: Float64Array;
  /** The decision function is `gradient - rho`: negative outside. */
  readonly rho: number;
  readonly iterationCount: number;
  /** False where the solver met its limit of steps first: then the conditions are violated by more than the tolerance. */
  readonly converged: boolean;
}

/** The limit where the caller gives none. Well-scaled problems end after a few steps a row; huge kernel values may never end. */
const defaultIterationCountMax = (rowCount: number) => Math.max(100_000, 100 * rowCount);
/** Steps between two checks of the signal and the clock. */
const stepsPerSlice = 64;
/** Steps between two searches for variables that can be left aside. */
const stepsPerShrink = 1000;

/**
 * Sequential minimal optimisation: each step takes the two variables that promise the largest decrease by second-order
 * information and solves for them exactly. Variables that stay at a bound are left aside for a while (shrinking).
 *
 * Progress is the share of the starting violation that is gone, on a logarithmic scale.
 * Source: Fan, Chen and Lin, Working Set Selection Using Second Order Information for Training SVM, JMLR 6, 2005,
 * algorithm 2; Chang and Lin, LIBSVM: A Library for Support Vector Machines, 2011, sections 4 and 5.
 * @throws NomalyError ABORTED when the signal fires.
 */
export async function solveOneClass(
  rows: Matrix,
  options: OneClassOptions,
  context: KernelSumsContext,
): Promise<OneClassSolution> {
  const { signal } = context;
  const problem = await startProblem(rows, options, context);
  const iterationCountMax =
    options.iterationCountMax === -1 ? defaultIterationCountMax(rows.rowCount) : options.iterationCountMax;
  let iterationCount = 0;
  let untilShrink = Math.min(rows.rowCount, stepsPerShrink);
  let firstViolation = 0;
  let progress = 0;
  let converged = false;
  for (;;) {
    const violation = problem.selectPair();
    firstViolation = Math.max(firstViolation, violation);
    if (violation < options.tolerance) {
      if (!problem.isShrunk()) {
        converged = true;
        break;
      }
      await inTurns(problem.restoreAll(), signal);
      untilShrink = 1;
      continue;
    }
    if (iterationCount === iterationCountMax) break;
    iterationCount++;
    problem.step();
    if (options.shrinking && --untilShrink === 0) {
      untilShrink = Math.min(rows.rowCount, stepsPerShrink);
      await inTurns(problem.shrink(options.tolerance), signal);
    }
    // A step over many wide rows takes long by itself.
    if (iterationCount % stepsPerSlice !== 0 && !isYieldDue()) continue;
    throwIfAborted(signal);
    progress = Math.max(progress, Math.log(violation / firstViolation) / Math.log(options.tolerance / firstViolation));
    context.progress?.(startShare + (1 - startShare) * Math.min(1, progress));
    await yieldWhenDue();
  }
  if (problem.isShrunk()) await inTurns(problem.restoreAll(), signal);
  const { alpha, gradient } = problem.solution();
  return { alpha, gradient, rho: offsetOf(alpha, gradient), iterationCount, converged };
}

/** Share of the work, for progress, that the first gradient takes. */
const startShare = 0.3;

/** The first nu n rows start at the upper bound: a feasible point whose gradient is one sum of kernels a row. */
async function startProblem(rows: Matrix, options: OneClassOptions, context: KernelSumsContext): Promise<OneClassProblem> {
  const { rowCount } = rows;
  const alpha = new Float64Array(rowCount);
  let left = options.nu * rowCount;
  for (let row = 0; row < rowCount && left > 0; row++) {
    alpha[row] = Math.min(1, left);
    left -= alpha[row];
  }
  const boundedCount = alpha.findIndex((value) => value < 1);
  const vectors: SupportVectors = {
    kernel: options.kernel,
    boundedRows: rowRange(rows, 0, boundedCount === -1 ? rowCount : boundedCount),
    freeRows: rowRange(rows, 0, 0),
    freeCoefficients: new Float64Array(0),
    single: options.single,
  };
  const boundedGradient = await sumKernels(vectors, rows, {
    ...context,
    progress: (done) => context.progress?.(done * startShare),
  });
  return inTurns(createOneClassProblem(rows, options, { alpha, boundedGradient }), context.signal);
}

/** rho: the mean gradient of free variables; without any, the middle of the range that the bounded ones leave. */
function offsetOf(alpha: Float64Array, gradient: Float64Array): number {
  let freeSum = 0;
  let freeCount = 0;
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (let row = 0; row < alpha.length; row++) {
    if (alpha[row] >= 1) least = Math.max(least, gradient[row]);
    else if (alpha[row] <= 0) most = Math.min(most, gradient[row]);
    else {
      freeSum += gradient[row];
      freeCount++;
    }
  }
  if (freeCount > 0) return freeSum / freeCount;
  // With nu = 1 every row is bounded above, and only one side exists.
  if (least === Number.NEGATIVE_INFINITY) return most;
  return most === Number.POSITIVE_INFINITY ? least : (least + most) / 2;
}
