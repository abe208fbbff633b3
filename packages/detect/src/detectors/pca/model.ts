/** The fitted pca models: projections on components, or PyOD's distances to their end points. */

import type { Model, ModelState } from "../../detector/detector.ts";
import { damaged, stateChoice, stateFiniteArray } from "../../detector/state.ts";
import type { CenteredTransform } from "../../kernels/dense-kernels.ts";
import type { KernelSet } from "../../kernels/kernel-set.ts";
import { capScores } from "../../structures/linear-algebra/finite-scores.ts";
import { quadraticContributions } from "../../structures/linear-algebra/quadratic-contributions.ts";
import { scaledAxes } from "../../structures/linear-algebra/scaled.ts";
import type { Matrix } from "../../matrix.ts";
import { columnCountMax } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";
import type { Components } from "./components.ts";
import type { EndPoints } from "./end-points.ts";

/** Variances below this share of the largest are taken to be that large. */
const varianceFloor = 1e-10;

/** The map under which squared length is the score: the sum over components of the squared projection, divided by the standard deviation if weighted. */
export function* projectionOf(components: Components, weighted: boolean): Pieces<CenteredTransform> {
  const { mean, scales, vectors, variances, largestVariance } = components;
  const least = largestVariance > 0 ? varianceFloor * largestVariance : 1;
  // The projection is divided by the root of the divisor.
  const roots = variances.map((variance) => (weighted ? Math.max(least, variance) ** 0.25 : 1));
  return { center: mean, factor: yield* scaledAxes(vectors, roots, scales) };
}

export function createProjectionModel(transform: CenteredTransform, kernels: KernelSet): Model {
  return {
    columnCount: transform.center.length,
    scoreInto(rows, scores) {
      kernels.squaredNormsInto(rows, transform, scores);
      capScores(scores.subarray(0, rows.rowCount));
    },
    contributionsInto: (rows, out) => quadraticContributions(rows, transform, out),
    toState: () => ({ values: { kind: "projections" }, arrays: { center: transform.center, factor: transform.factor } }),
  };
}

/** Score: the sum over components of the distance to the end of the component's unit vector, divided by its weight. */
export function createEndPointModel(endPoints: EndPoints): Model {
  const { offsets, scales, points, weights } = endPoints;
  const width = offsets.length;

  /** Adds the score of the scaled row, and each column's part of it where `parts` is given. */
  function scoreScaled(scaled: Float64Array, parts: Float64Array | undefined): number {
    let score = 0;
    for (let k = 0, start = 0; k < weights.length; k++, start += width) {
      let square = 0;
      for (let j = 0; j < width; j++) {
        const difference = scaled[j] - points[start + j];
        square += difference * difference;
      }
      const distance = Math.sqrt(square);
      score += distance / weights[k];
      if (parts === undefined || distance === 0) continue;
      for (let j = 0; j < width; j++) parts[j] += (scaled[j] - points[start + j]) ** 2 / distance / weights[k];
    }
    return score;
  }

  function scaleInto(rows: Matrix, row: number, scaled: Float64Array): void {
    for (let j = 0; j < width; j++) scaled[j] = (rows.values[row * width + j] - offsets[j]) / scales[j];
  }

  return {
    columnCount: width,
    scoreInto(rows, scores) {
      const scaled = new Float64Array(width);
      for (let row = 0; row < rows.rowCount; row++) {
        scaleInto(rows, row, scaled);
        scores[row] = scoreScaled(scaled, undefined);
      }
      capScores(scores.subarray(0, rows.rowCount));
    },
    contributionsInto(rows, out) {
      const scaled = new Float64Array(width);
      out.fill(0);
      for (let row = 0; row < rows.rowCount; row++) {
        scaleInto(rows, row, scaled);
        scoreScaled(scaled, out.subarray(row * width, (row + 1) * width));
      }
    },
    toState: () => ({ values: { kind: "end-points" }, arrays: { offsets, scales, points, weights } }),
  };
}

export function restorePca(state: ModelState, kernels: KernelSet): Model {
  switch (stateChoice(state, "kind", ["projections", "end-points"])) {
    case "projections": {
      const center = stateFiniteArray(state, "center");
      const factor = stateFiniteArray(state, "factor");
      requireRows("factor", factor, center);
      return createProjectionModel({ center, factor }, kernels);
    }
    case "end-points": {
      const offsets = stateFiniteArray(state, "offsets");
      const scales = stateFiniteArray(state, "scales", offsets.length);
      const points = stateFiniteArray(state, "points");
      requireRows("points", points, offsets);
      const weights = stateFiniteArray(state, "weights", points.length / offsets.length);
      if (!scales.every((scale) => scale > 0)) throw damaged("scales", "numbers above 0");
      if (!weights.every((weight) => weight > 0)) throw damaged("weights", "numbers above 0");
      return createEndPointModel({ offsets, scales, points, weights });
    }
  }
}

/** @param columns an array with an entry for each column. There are at most as many components. */
function requireRows(name: string, array: Float64Array, { length: width }: Float64Array): void {
  if (width < 1 || width > columnCountMax) throw damaged(name, `rows of 1 to ${columnCountMax} values`);
  if (array.length === 0 || array.length % width !== 0 || array.length > width * width) {
    throw damaged(name, `1 to at most ${width} rows of ${width} values`);
  }
}
