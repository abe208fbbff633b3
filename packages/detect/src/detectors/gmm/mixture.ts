/** A mixture of Gaussians: its log density at rows, and each component's share in it. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import type { Matrix } from "../../matrix.ts";
import type { Gaussian } from "./covariance-shape.ts";

export interface Mixture {
  readonly gaussians: readonly Gaussian[];
  /** Logarithms of the components' weights. */
  readonly logWeights: Float64Array;
}

/** Log of weight times density of one component at each row. */
export function weightedLogDensity(rows: Matrix, mixture: Mixture, component: number, kernels: KernelSet): Float64Array {
  const { mean, factor, logPeak } = mixture.gaussians[component];
  const values = new Float64Array(rows.rowCount);
  kernels.squaredNormsInto(rows, { center: mean, factor }, values);
  const top = logPeak + mixture.logWeights[component];
  for (let row = 0; row < values.length; row++) values[row] = top - 0.5 * values[row];
  return values;
}

/** Log of the sum over components, taken relative to the largest so that nothing underflows. */
export function logSums(parts: readonly Float64Array[], out: Float64Array): void {
  for (let row = 0; row < parts[0].length; row++) {
    let top = parts[0][row];
    for (let k = 1; k < parts.length; k++) if (parts[k][row] > top) top = parts[k][row];
    if (parts.length === 1 || top === Number.NEGATIVE_INFINITY) {
      out[row] = top;
      continue;
    }
    let sum = 0;
    for (const part of parts) sum += Math.exp(part[row] - top);
    out[row] = top + Math.log(sum);
  }
}
