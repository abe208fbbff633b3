/** ocsvm: one-class support vector machine, distance outside a smooth border around the rows. */

import { compatParam } from "../../detector/compat.ts";
import { defineDetector } from "../../detector/detector.ts";
import { traitDefaults } from "../../detector/traits.ts";
import { NomalyError } from "../../errors.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { pickRows, type Matrix } from "../../matrix.ts";
import type { KernelFunction } from "../../structures/support-vectors/kernel-function.ts";
import { solveOneClass, type OneClassSolution } from "../../structures/support-vectors/solve-one-class.ts";
import { scoreRows } from "../../threads/score-rows.ts";
import { createOcsvmModel, kernelFunction, kernelKinds, restoreOcsvm } from "./model.ts";
import { kernelSumsTask } from "../../structures/support-vectors/kernel-sums.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { inTurns, pieceWorkMax } from "../../threads/pieces.ts";

const bytesPerMegabyte = 1_048_576;
/** Share of the work, for progress, that the solver takes. */
const solverShare = 0.95;

/**
 * Scores a row by how far it lies outside a smooth border that holds most of the rows.
 *
 * In the space of the kernel, the rows are parted from the origin by the widest margin, with a share nu of them left
 * outside. With the default rbf kernel the score falls with the weighted number of support vectors near the row.
 *
 * Good at: smooth clusters of any shape, rows outside all of them. Bad at: more than some 50,000 rows (use kde, knn or
 * isolation-forest), columns of unequal units; its accuracy depends on gamma.
 *
 * Shapes  train is n x d, n >= 2; scores has n entries; order kept.
 * Units   minus the decision function: positive outside, negative inside; grows with n. columns: comparable: scale first.
 * Missing refused.
 * Cost    fit O(n^2 d) and more, score O(s d) a row for s support vectors (s >= nu n); memory O(n d) + cacheSize.
 * Random  none.
 * Numeric ends when no pair of variables violates optimality by more than tol, so scores carry an error of about tol; the
 *         model's state says in `converged` whether that was reached within maxIter steps.
 * Errors  PARAM: a kernel that overflows on these rows, gamma "scale" of columns whose variance overflows.
 * Source  Schölkopf, Platt, Shawe-Taylor, Smola and Williamson, Estimating the Support of a High-Dimensional Distribution,
 *         Neural Computation 13, 2001, equations 3.4 to 3.13; solver: Fan, Chen and Lin, JMLR 6, 2005.
 */
export const ocsvm = defineDetector({
  id: "ocsvm",
  summary: "One-class support vector machine: how far a row lies outside a smooth border around the rows.",
  traits: { ...traitDefaults, fitGrowth: "support-vectors", rowOrderMatters: true, unitsMatter: true },
  params: {
    kernel: { kind: "choice", default: "rbf", choices: kernelKinds, summary: "Similarity of two rows." },
    nu: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      minExclusive: true,
      summary: "Share of rows outside the border at most, and of support vectors at least.",
    },
    gamma: {
      kind: "number-or-word",
      default: "auto",
      words: ["auto", "scale"],
      min: 0,
      max: 1e300,
      minExclusive: true,
      summary: "Width of rbf, factor of poly and sigmoid: auto is 1/d, scale is 1/(d x variance of all values).",
    },
    degree: { kind: "integer", default: 3, min: 0, max: 1000, summary: "Power of the poly kernel." },
    coef0: { kind: "number", default: 0, min: -1e300, max: 1e300, summary: "Constant inside poly and sigmoid." },
    tol: {
      kind: "number",
      default: 1e-3,
      min: 0,
      max: 1e6,
      minExclusive: true,
      summary: "Violation of optimality at which to stop.",
    },
    shrinking: { kind: "boolean", default: true, summary: "Leave settled variables aside while solving." },
    cacheSize: { kind: "number", default: 200, min: 0, max: 65_536, summary: "Megabytes of kernel rows kept while solving." },
    maxIter: {
      kind: "integer",
      default: -1,
      min: -1,
      max: 1_000_000_000,
      summary: "Steps of the solver at most; -1 for 100,000 or 100 a row, whichever is more.",
    },
    compat: compatParam("kernel values are rounded to float32 while solving, as libsvm stores them."),
  },
  async fit(train, params, context) {
    const gamma =
      typeof params.gamma === "number" ? params.gamma : await inTurns(wordedGamma(params.gamma, train), context.signal);
    const kernel = kernelFunction(params.kernel, { gamma, coef0: params.coef0, degree: params.degree });
    requireFiniteKernel(train, kernel);
    const single = params.compat === "pyod";
    const solution = await solveOneClass(
      train,
      {
        kernel,
        nu: params.nu,
        tolerance: params.tol,
        shrinking: params.shrinking,
        iterationCountMax: params.maxIter,
        cacheBytesMax: params.cacheSize * bytesPerMegabyte,
        single,
      },
      { ...context, progress: (done) => context.progress?.(done * (single ? solverShare / 2 : solverShare)) },
    );
    const model = modelOf(train, kernel, solution, context.kernels);
    // The solver's gradient is the decision function of the training rows already, unless its kernels were rounded.
    const trainingScores = single
      ? await scoreRows("ocsvm", model, train, { ...context, progress: (done) => context.progress?.((solverShare + done) / 2) })
      : solution.gradient.map((sum) => solution.rho - sum);
    context.progress?.(1);
    return { model, trainingScores };
  },
  sharedTasks: { kernelSums: kernelSumsTask },
  restore: restoreOcsvm,
});

function modelOf(train: Matrix, kernel: KernelFunction, solution: OneClassSolution, kernels: KernelSet) {
  const { alpha, rho, converged } = solution;
  const rows = Int32Array.from(alpha.keys());
  const free = rows.filter((row) => alpha[row] > 0 && alpha[row] < 1);
  const vectors = {
    kernel,
    boundedRows: pickRows(
      train,
      rows.filter((row) => alpha[row] >= 1),
    ),
    freeRows: pickRows(train, free),
    freeCoefficients: Float64Array.from(free, (row) => alpha[row]),
  };
  return createOcsvmModel({ vectors, rho, converged }, kernels);
}

/** As scikit-learn: "scale" takes the variance of all values together, and 1 for it where they are all equal. */
function* wordedGamma(word: "auto" | "scale", train: Matrix): Pieces<number> {
  const { columnCount, values } = train;
  if (word === "auto") return 1 / columnCount;
  let sum = 0;
  for (let at = 0; at < values.length; at++) {
    sum += values[at];
    if (at % pieceWorkMax === 0) yield;
  }
  const mean = sum / values.length;
  let squares = 0;
  for (let at = 0; at < values.length; at++) {
    squares += (values[at] - mean) ** 2;
    if (at % pieceWorkMax === 0) yield;
  }
  const variance = squares / values.length;
  if (variance === 0) return 1;
  const gamma = 1 / (columnCount * variance);
  if (gamma > 0 && Number.isFinite(gamma)) return gamma;
  throw new NomalyError("PARAM", `ocsvm: gamma "scale" needs values whose variance is a usable number, got ${variance}`, {
    field: "gamma",
    received: String(variance),
  });
}

/** Checks each row's kernel with itself: by Cauchy and Schwarz the kernels of pairs are then finite too, by a wide margin. */
function requireFiniteKernel(train: Matrix, kernel: KernelFunction): void {
  if (kernel.kind === "rbf") return;
  let largest = 0;
  for (let at = 0; at < train.values.length; at += train.columnCount) {
    let square = 0;
    for (let column = 0; column < train.columnCount; column++) square += train.values[at + column] ** 2;
    largest = Math.max(largest, square);
  }
  const inner = kernel.kind === "linear" ? largest : kernel.gamma * largest + Math.abs(kernel.coef0);
  const bound = kernel.kind === "poly" ? inner ** kernel.degree : Math.max(inner, largest);
  if (bound * train.rowCount < 1e300) return;
  throw new NomalyError("PARAM", `ocsvm: the ${kernel.kind} kernel overflows on these rows; scale the columns first`, {
    field: "kernel",
    received: String(bound),
  });
}
