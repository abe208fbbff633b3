/** Splits a quadratic form over the columns of a row. */

import type { CenteredTransform } from "../../kernels/dense-kernels.ts";
import type { Matrix } from "../../matrix.ts";

/**
 * `out[row * d + j] = c_j (P c)_j` with `c = x - center` and `P = factor^T factor`: they sum to the squared length of
 * `factor c`. One is negative where a column's value makes up for what others add.
 */
export function quadraticContributions(rows: Matrix, transform: CenteredTransform, out: Float64Array): void {
  const { center, factor } = transform;
  const width = center.length;
  const centered = new Float64Array(width);
  out.fill(0);
  for (let at = 0; at < rows.values.length; at += width) {
    for (let j = 0; j < width; j++) centered[j] = rows.values[at + j] - center[j];
    for (let start = 0; start < factor.length; start += width) {
      let coordinate = 0;
      for (let j = 0; j < width; j++) coordinate += centered[j] * factor[start + j];
      for (let j = 0; j < width; j++) out[at + j] += centered[j] * factor[start + j] * coordinate;
    }
  }
}
