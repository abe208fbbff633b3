/** The principal components of a table, and which of them make the score. */

import { NomalyError } from "../../errors.ts";
import { fitMoments } from "../../linear-algebra/moments.ts";
import type { MomentsContext } from "../../linear-algebra/moments.ts";
import { symmetricEigen } from "../../linear-algebra/symmetric-eigen.ts";
import type { Matrix } from "../../matrix.ts";

export interface Components {
  readonly mean: Float64Array;
  /** Each column's standard deviation; 1 for constant columns, or where columns are not standardised. */
  readonly scales: Float64Array;
  /** Row `i` is a unit vector in the space of scaled columns. */
  readonly vectors: Float64Array;
  /** Variance along each component (n - 1 in the denominator), descending. */
  readonly variances: Float64Array;
  /** Sum of the variances of all components, whether kept or not. */
  readonly totalVariance: number;
  /** Of all components, kept or not. */
  readonly largestVariance: number;
}

export interface SelectionParams {
  readonly nComponents: number | "all";
  readonly nSelectedComponents: number | "all";
}

/** All min(n, d) components. */
export async function fitComponents(
  train: Matrix,
  params: { readonly standardization: boolean },
  context: MomentsContext,
): Promise<Components> {
  const { rowCount, columnCount: width } = train;
  const { mean, covariance } = await fitMoments(train, undefined, context);
  const scales = new Float64Array(width).fill(1);
  if (params.standardization) {
    for (let j = 0; j < width; j++) scales[j] = scaleOf(covariance[j * (width + 1)], mean[j], rowCount);
  }
  const unbiased = rowCount / (rowCount - 1);
  const scaled = covariance.map((value, at) => (value / scales[Math.floor(at / width)] / scales[at % width]) * unbiased);
  const { values, vectors } = symmetricEigen(scaled, width);
  const count = Math.min(rowCount, width);
  const variances = values.slice(0, count).map((value) => Math.max(0, value));
  return {
    mean,
    scales,
    vectors: vectors.slice(0, count * width),
    variances,
    totalVariance: variances.reduce((sum, value) => sum + value, 0),
    largestVariance: variances[0],
  };
}

/** The standard deviation, or 1 where the variance is no more than rounding makes of a constant column. */
function scaleOf(variance: number, mean: number, rowCount: number): number {
  const meanError = rowCount * mean * Number.EPSILON;
  return variance <= rowCount * Number.EPSILON * variance + meanError * meanError ? 1 : Math.sqrt(variance);
}

/** Keeps `nComponents` of the widest, and of those the `nSelectedComponents` narrowest. */
export function selectComponents(all: Components, params: SelectionParams): Components {
  const width = all.mean.length;
  const kept = keptCount(all, params.nComponents);
  const selected = params.nSelectedComponents === "all" ? kept : params.nSelectedComponents;
  if (selected > kept) throw tooMany("nSelectedComponents", "n_selected_components", kept, selected);
  return {
    ...all,
    vectors: all.vectors.slice((kept - selected) * width, kept * width),
    variances: all.variances.slice(kept - selected, kept),
  };
}

function keptCount(all: Components, wanted: number | "all"): number {
  const count = all.variances.length;
  if (wanted === "all") return count;
  if (wanted >= 1) {
    if (!Number.isInteger(wanted) || wanted > count) throw tooMany("nComponents", "n_components", count, wanted);
    return wanted;
  }
  let explained = 0;
  for (let i = 0; i < count; i++) {
    explained += all.variances[i] / all.totalVariance;
    if (explained > wanted) return i + 1;
  }
  return count;
}

function tooMany(field: string, name: string, count: number, received: number): NomalyError {
  const expected = `a whole number from 1 to ${count}`;
  return new NomalyError("PARAM", `pca: ${name} must be ${expected} for these rows and columns, got ${received}`, {
    field,
    expected,
    received: String(received),
  });
}
