/** The principal components of a table, and which of them make the score. */

import { NomalyError } from "../../errors.ts";
import { diagonalOf, fitMoments } from "../../structures/linear-algebra/moments.ts";
import type { MomentsContext } from "../../structures/linear-algebra/moments.ts";
import { standardized } from "../../structures/linear-algebra/scaled.ts";
import { eigenPieces } from "../../structures/linear-algebra/symmetric-eigen.ts";
import type { Matrix } from "../../matrix.ts";
import { inTurns } from "../../threads/pieces.ts";
import type { ScaledAxes } from "./scaled-axes.ts";
import { columnScales } from "./scaled-axes.ts";
import { wideAxes } from "./wide-axes.ts";

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
  /** The largest variance of all components, whether kept or not. */
  readonly largestVariance: number;
}

export interface SelectionParams {
  readonly nComponents: number | "all";
  readonly nSelectedComponents: number | "all";
}

/** All min(n, d) components: from the covariance of the columns, or of the rows where those are fewer. */
export async function fitComponents(
  train: Matrix,
  params: { readonly standardization: boolean },
  context: MomentsContext,
): Promise<Components> {
  const { rowCount, columnCount: width } = train;
  if (rowCount < width) {
    return componentsOf(await inTurns(wideAxes(train, params.standardization, context.kernels), context.signal));
  }
  const { mean, covariance } = await fitMoments(train, undefined, context);
  const scales = columnScales(diagonalOf(covariance, width), mean, rowCount, params.standardization);
  const scaled = await inTurns(standardized(covariance, scales, rowCount / (rowCount - 1)), context.signal);
  return componentsOf({ mean, scales, ...(await inTurns(eigenPieces(scaled, width, context.kernels), context.signal)) });
}

function componentsOf({ mean, scales, values, vectors }: ScaledAxes): Components {
  const variances = values.map((value) => Math.max(0, value));
  const totalVariance = variances.reduce((sum, value) => sum + value, 0);
  return { mean, scales, vectors, variances, totalVariance, largestVariance: variances[0] };
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
