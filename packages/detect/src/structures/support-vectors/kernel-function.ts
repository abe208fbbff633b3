/** The kernels of support vector machines: the similarity of two rows. */

import { exponentialsInto } from "./exponential.ts";

/** rbf: exp(-gamma |a-b|^2); linear: a.b; poly: (gamma a.b + coef0)^degree; sigmoid: tanh(gamma a.b + coef0). */
export type KernelFunction =
  | { readonly kind: "linear" }
  | { readonly kind: "rbf"; readonly gamma: number }
  | { readonly kind: "poly"; readonly gamma: number; readonly coef0: number; readonly degree: number }
  | { readonly kind: "sigmoid"; readonly gamma: number; readonly coef0: number };

/** A row among values: `values[at]` is its first column. */
export interface RowAt {
  readonly values: Float64Array;
  readonly at: number;
}

/** `out[i]` = kernel of `row` and the i-th row of `others` (row-major, `width` columns), for each entry of `out`. */
export function kernelRowInto(kernel: KernelFunction, row: RowAt, others: Float64Array, width: number, out: Float64Array): void {
  if (kernel.kind === "rbf") squaredDistancesInto(row, others, width, out);
  else dotProductsInto(row, others, width, out);
  applyInto(kernel, out);
}

/** Turns squared distances (rbf) or dot products (others) into kernel values. */
function applyInto(kernel: KernelFunction, values: Float64Array): void {
  switch (kernel.kind) {
    case "linear":
      return;
    case "rbf":
      return exponentialsInto(-kernel.gamma, values);
    case "poly":
      for (let i = 0; i < values.length; i++) values[i] = wholePower(kernel.gamma * values[i] + kernel.coef0, kernel.degree);
      return;
    case "sigmoid":
      for (let i = 0; i < values.length; i++) values[i] = Math.tanh(kernel.gamma * values[i] + kernel.coef0);
  }
}

/** base^exponent by squaring; exponent a whole number from 0. */
function wholePower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left >>= 1) {
    if ((left & 1) === 1) result *= square;
    square *= square;
  }
  return result;
}

/** Four rows go side by side: each sum runs over its columns in order, and none waits for another. */
function squaredDistancesInto(row: RowAt, others: Float64Array, width: number, out: Float64Array): void {
  const { values, at } = row;
  const paired = out.length - (out.length % 4);
  for (let i = 0, a = 0; i < paired; i += 4, a += 4 * width) {
    const b = a + width;
    const c = b + width;
    const d = c + width;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let column = 0; column < width; column++) {
      const value = values[at + column];
      const fromA = value - others[a + column];
      const fromB = value - others[b + column];
      const fromC = value - others[c + column];
      const fromD = value - others[d + column];
      sumA += fromA * fromA;
      sumB += fromB * fromB;
      sumC += fromC * fromC;
      sumD += fromD * fromD;
    }
    out[i] = sumA;
    out[i + 1] = sumB;
    out[i + 2] = sumC;
    out[i + 3] = sumD;
  }
  for (let i = paired; i < out.length; i++) {
    let sum = 0;
    for (let column = 0; column < width; column++) sum += (values[at + column] - others[i * width + column]) ** 2;
    out[i] = sum;
  }
}

function dotProductsInto(row: RowAt, others: Float64Array, width: number, out: Float64Array): void {
  const { values, at } = row;
  for (let i = 0, otherAt = 0; i < out.length; i++, otherAt += width) {
    let sum = 0;
    for (let column = 0; column < width; column++) sum += values[at + column] * others[otherAt + column];
    out[i] = sum;
  }
}
