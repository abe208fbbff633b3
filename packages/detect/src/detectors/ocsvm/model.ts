/** The fitted ocsvm model: support vectors, their coefficients, and the offset. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateBoolean, stateChoice, stateFiniteArray, stateInteger, stateNumber } from "../../detector/state.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { columnCountMax, type Matrix } from "../../matrix.ts";
import type { KernelFunction } from "../../structures/support-vectors/kernel-function.ts";
import { createKernelSums, type SupportVectors } from "../../structures/support-vectors/kernel-sums.ts";

export const kernelKinds = ["rbf", "linear", "poly", "sigmoid"] as const;

interface OcsvmState {
  readonly vectors: SupportVectors;
  readonly rho: number;
  /** Whether the solver came to its end within its limit of steps. */
  readonly converged: boolean;
}

export function createOcsvmModel(state: OcsvmState, kernels: KernelSet): Model {
  const { vectors, rho, converged } = state;
  const { columnCount } = vectors.boundedRows;
  const sums = createKernelSums(vectors, kernels);

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    sums.sumsInto(rows, scores);
    for (let row = 0; row < rows.rowCount; row++) scores[row] = finiteScore(rho - scores[row]);
  }

  function toState(): ModelState {
    const { kernel, boundedRows, freeRows, freeCoefficients } = vectors;
    return {
      values: { ...kernelParts(kernel), columnCount, rho, converged },
      arrays: { boundedRows: boundedRows.values, freeRows: freeRows.values, freeCoefficients },
    };
  }

  return { columnCount, scoreInto, toState };
}

/** A row so far out that its kernels overflow (linear, poly) gets the largest finite score. */
function finiteScore(score: number): number {
  return Number.isFinite(score) ? score : Number.MAX_VALUE;
}

function kernelParts(kernel: KernelFunction) {
  return { gamma: 1, coef0: 0, degree: 1, ...kernel };
}

export function restoreOcsvm(state: ModelState, kernels: KernelSet): Model {
  const kernel = kernelFunction(stateChoice(state, "kind", kernelKinds), {
    gamma: stateNumber(state, "gamma", Number.MIN_VALUE, Number.MAX_VALUE),
    coef0: stateNumber(state, "coef0", -Number.MAX_VALUE, Number.MAX_VALUE),
    degree: stateInteger(state, "degree", 0, 1000),
  });
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const freeCoefficients = stateFiniteArray(state, "freeCoefficients");
  const freeValues = stateFiniteArray(state, "freeRows", freeCoefficients.length * columnCount);
  const boundedValues = stateFiniteArray(state, "boundedRows");
  if (boundedValues.length % columnCount !== 0) throw damaged("boundedRows", `rows of ${columnCount} columns`);
  const freeRows = { rowCount: freeCoefficients.length, columnCount, values: freeValues };
  const boundedRows = { rowCount: boundedValues.length / columnCount, columnCount, values: boundedValues };
  const rho = stateNumber(state, "rho", -Number.MAX_VALUE, Number.MAX_VALUE);
  const converged = stateBoolean(state, "converged");
  return createOcsvmModel({ vectors: { kernel, boundedRows, freeRows, freeCoefficients }, rho, converged }, kernels);
}

/** The kernel of this kind, with the parameters that it has. */
export function kernelFunction(
  kind: KernelFunction["kind"],
  params: { readonly gamma: number; readonly coef0: number; readonly degree: number },
): KernelFunction {
  const { gamma, coef0, degree } = params;
  switch (kind) {
    case "linear":
      return { kind };
    case "rbf":
      return { kind, gamma };
    case "poly":
      return { kind, gamma, coef0, degree };
    case "sigmoid":
      return { kind, gamma, coef0 };
  }
}
