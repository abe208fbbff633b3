/** The fitted ocsvm model: support vectors, their coefficients, and the offset. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { stateArray, stateChoice, stateInteger, stateNumber } from "../../detector/state.ts";
import { NomalyError } from "../../errors.ts";
import { columnCountMax, type Matrix } from "../../matrix.ts";
import type { KernelFunction } from "../../support-vectors/kernel-function.ts";
import { kernelSumsInto } from "../../support-vectors/kernel-sums.ts";

export const kernelKinds = ["rbf", "linear", "poly", "sigmoid"] as const;

interface OcsvmState {
  readonly supportVectors: Matrix;
  readonly coefficients: Float64Array;
  readonly rho: number;
  readonly kernel: KernelFunction;
}

export function createOcsvmModel(state: OcsvmState): Model {
  const { supportVectors, coefficients, rho, kernel } = state;
  const vectors = { rows: supportVectors, coefficients, kernel };

  function scoreInto(rows: Matrix, scores: Float64Array): void {
    kernelSumsInto(vectors, rows, scores);
    for (let row = 0; row < rows.rowCount; row++) scores[row] = finiteScore(rho - scores[row]);
  }

  function toState(): ModelState {
    const { columnCount } = supportVectors;
    return {
      values: { ...kernelParts(kernel), columnCount, rho },
      arrays: { supportVectors: supportVectors.values, coefficients },
    };
  }

  return { columnCount: supportVectors.columnCount, scoreInto, toState };
}

/** A row so far out that its kernels overflow (linear, poly) is as anomalous as a number can say. */
export function finiteScore(score: number): number {
  return Number.isFinite(score) ? score : Number.MAX_VALUE;
}

function kernelParts(kernel: KernelFunction) {
  return { gamma: 1, coef0: 0, degree: 1, ...kernel };
}

export function restoreOcsvm(state: ModelState): Model {
  const kernel = kernelFunction(stateChoice(state, "kind", kernelKinds), {
    gamma: stateNumber(state, "gamma", Number.MIN_VALUE, Number.MAX_VALUE),
    coef0: stateNumber(state, "coef0", -Number.MAX_VALUE, Number.MAX_VALUE),
    degree: stateInteger(state, "degree", 0, 1000),
  });
  const columnCount = stateInteger(state, "columnCount", 1, columnCountMax);
  const coefficients = stateArray(state, "coefficients", Float64Array);
  const values = stateArray(state, "supportVectors", Float64Array, coefficients.length * columnCount);
  for (const [name, array] of Object.entries({ coefficients, supportVectors: values })) {
    if (array.every(Number.isFinite)) continue;
    throw new NomalyError("MODEL_FILE", `the ocsvm model's "${name}" must hold finite numbers`, { field: name });
  }
  const rho = stateNumber(state, "rho", -Number.MAX_VALUE, Number.MAX_VALUE);
  return createOcsvmModel({ supportVectors: { rowCount: coefficients.length, columnCount, values }, coefficients, rho, kernel });
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
