/** Covariances and axes in other units. */

import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";

/** `covariance[i][j] / units[i] / units[j] * factor`. */
export function* standardized(covariance: Float64Array, units: Float64Array, factor: number): Pieces<Float64Array> {
  const size = units.length;
  const result = new Float64Array(covariance.length);
  for (let i = 0, at = 0; i < size; i++) {
    const unit = units[i];
    for (let j = 0; j < size; j++, at++) result[at] = (covariance[at] / unit / units[j]) * factor;
    if (at % pieceWorkMax < size) yield;
  }
  return result;
}

/** `axes[i][j] / units[j] / lengths[i]`: an axis for each length, a unit for each column. */
export function* scaledAxes(axes: Float64Array, lengths: Float64Array, units: Float64Array): Pieces<Float64Array> {
  const width = units.length;
  const result = new Float64Array(axes.length);
  for (let i = 0, at = 0; i < lengths.length; i++) {
    const length = lengths[i];
    for (let j = 0; j < width; j++, at++) result[at] = axes[at] / units[j] / length;
    if (at % pieceWorkMax < width) yield;
  }
  return result;
}
