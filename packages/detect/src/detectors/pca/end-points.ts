/** The parts of PyOD's score: the components as points, their signs fixed as scikit-learn 1.2 fixes them. */

import { scaledAxes } from "../../structures/linear-algebra/scaled.ts";
import type { Matrix } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";
import type { Components } from "./components.ts";

export interface EndPoints {
  /** Subtracted from each column, before it is divided by its scale. */
  readonly offsets: Float64Array;
  readonly scales: Float64Array;
  /** k x d: the ends of the components' unit vectors. */
  readonly points: Float64Array;
  /** The distance to point `k` is divided by `weights[k]`. */
  readonly weights: Float64Array;
}

interface EndPointParams {
  readonly standardization: boolean;
  readonly weighted: boolean;
}

/** Least share of variance of a component: PyOD would divide by 0 for a component without variance. */
const shareMin = 1e-32;

/** @param all every component; @param chosen those that make the score. */
export function* endPointsOf(train: Matrix, all: Components, chosen: Components, params: EndPointParams): Pieces<EndPoints> {
  const { mean, scales, totalVariance } = all;
  return {
    // Without standardisation PyOD measures from the rows as they are, not from their mean.
    offsets: params.standardization ? mean : new Float64Array(mean.length),
    scales,
    points: yield* signedVectors(train, chosen),
    weights: chosen.variances.map((variance) => (params.weighted ? Math.max(shareMin, variance / totalVariance) : 1)),
  };
}

/** Turns each component so that the training row with the largest projection on it (the first of equals) projects positively. */
function* signedVectors(train: Matrix, { mean, scales, vectors, variances }: Components): Pieces<Float64Array> {
  const width = train.columnCount;
  const largest = new Float64Array(variances.length);
  const centered = new Float64Array(width);
  for (let at = 0, work = 0; at < train.values.length; at += width) {
    for (let j = 0; j < width; j++) centered[j] = (train.values[at + j] - mean[j]) / scales[j];
    for (let k = 0; k < variances.length; k++) {
      let projection = 0;
      for (let j = 0; j < width; j++) projection += centered[j] * vectors[k * width + j];
      if (Math.abs(projection) > Math.abs(largest[k])) largest[k] = projection;
    }
    work += vectors.length;
    if (work > pieceWorkMax) {
      work = 0;
      yield;
    }
  }
  return yield* scaledAxes(
    vectors,
    largest.map((projection) => (projection < 0 ? -1 : 1)),
    new Float64Array(width).fill(1),
  );
}
