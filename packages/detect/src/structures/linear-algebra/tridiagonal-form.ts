/** A symmetric matrix brought to tridiagonal form by Householder reflections. */

import type { Reflections } from "../../kernels/dense-kernels.ts";
import type { Pieces } from "../../threads/pieces.ts";

export interface TridiagonalForm {
  readonly diagonal: Float64Array;
  /** Entry `i` couples `i - 1` and `i`; entry 0 is 0. */
  readonly beside: Float64Array;
  /** Half the squared length of each row's reflection vector; 0 where the row needs none. */
  readonly halfNorms: Float64Array;
}

/** Numbers of reflection vectors in a batch: a panel of 64 columns takes some tens of milliseconds. */
const batchLengthMax = 262_144;

/** A reflection not yet applied to the rows before it: `a[j][k] -= vector[j] product[k] + product[j] vector[k]`. */
interface Update {
  readonly vector: Float64Array;
  readonly product: Float64Array;
}

/**
 * Reflects away one row after another, from the last to the second. Afterwards the part of row `i` before its diagonal holds
 * its reflection vector. One pass over the matrix applies a row's reflection and multiplies the next row's vector.
 */
export function* tridiagonalize(basis: Float64Array, size: number): Pieces<TridiagonalForm> {
  const form = {
    diagonal: new Float64Array(size),
    beside: new Float64Array(size),
    halfNorms: new Float64Array(size),
  };
  let pending: Update = { vector: new Float64Array(size), product: new Float64Array(size) };
  let spare: Float64Array = new Float64Array(size);
  for (let i = size - 1; i >= 0; i--) {
    const row = basis.subarray(i * size, i * size + i);
    updateRow(basis, i * size, i, pending);
    form.diagonal[i] = basis[i * size + i];
    if (i === 0 || !startReflection(row, form)) continue;
    const product = spare.fill(0, 0, i);
    multiplyUpdated(basis, row, pending, product);
    finishProduct(row, product, form.halfNorms[i]);
    spare = pending.product;
    pending = { vector: row, product };
    yield;
  }
  return form;
}

function updateRow(basis: Float64Array, start: number, row: number, { vector, product }: Update): void {
  const v = vector[row];
  const p = product[row];
  for (let k = 0; k <= row; k++) basis[start + k] -= v * product[k] + p * vector[k];
}

/** Turns the row into its reflection vector and notes what is left of it; false where it needs no reflection. */
function startReflection(row: Float64Array, { beside, halfNorms }: TridiagonalForm): boolean {
  const i = row.length;
  let scale = 0;
  for (let k = 0; k < i; k++) scale += Math.abs(row[k]);
  if (i === 1 || scale === 0) {
    beside[i] = row[i - 1];
    return false;
  }
  let square = 0;
  for (let k = 0; k < i; k++) {
    row[k] /= scale;
    square += row[k] * row[k];
  }
  const length = row[i - 1] > 0 ? -Math.sqrt(square) : Math.sqrt(square);
  beside[i] = scale * length;
  square -= row[i - 1] * length;
  row[i - 1] -= length;
  halfNorms[i] = square;
  return true;
}

/**
 * Applies the pending update to the rows before the given one (their lower triangle holds the matrix) and adds the products of
 * the symmetric matrix and `x`, the given row, to `y`. Two rows at a time: half as many loads, the same order of sums.
 */
function multiplyUpdated(basis: Float64Array, x: Float64Array, { vector: v, product: p }: Update, y: Float64Array): void {
  const size = y.length;
  const even = x.length & ~1;
  for (let j = 0; j < even; j += 2) {
    const first = j * size;
    const second = first + size;
    const vFirst = v[j];
    const pFirst = p[j];
    const xFirst = x[j];
    const vSecond = v[j + 1];
    const pSecond = p[j + 1];
    const xSecond = x[j + 1];
    let firstSum = 0;
    let secondSum = 0;
    for (let k = 0; k < j; k++) {
      const vk = v[k];
      const pk = p[k];
      const xk = x[k];
      const a = basis[first + k] - (vFirst * pk + pFirst * vk);
      const b = basis[second + k] - (vSecond * pk + pSecond * vk);
      basis[first + k] = a;
      basis[second + k] = b;
      firstSum += a * xk;
      secondSum += b * xk;
      y[k] = y[k] + a * xFirst + b * xSecond;
    }
    const a = basis[first + j] - (vFirst * pFirst + pFirst * vFirst);
    const b = basis[second + j] - (vSecond * pFirst + pSecond * vFirst);
    const c = basis[second + j + 1] - (vSecond * pSecond + pSecond * vSecond);
    basis[first + j] = a;
    basis[second + j] = b;
    basis[second + j + 1] = c;
    y[j] += firstSum + a * xFirst;
    y[j] += b * xSecond;
    y[j + 1] += secondSum + b * xFirst + c * xSecond;
  }
  if (even < x.length) multiplyUpdatedRow(basis, x, { vector: v, product: p }, y);
}

/** The last of an odd number of rows. */
function multiplyUpdatedRow(basis: Float64Array, x: Float64Array, { vector, product }: Update, y: Float64Array): void {
  const j = x.length - 1;
  const start = j * y.length;
  let sum = 0;
  for (let k = 0; k < j; k++) {
    const value = basis[start + k] - (vector[j] * product[k] + product[j] * vector[k]);
    basis[start + k] = value;
    sum += value * x[k];
    y[k] += value * x[j];
  }
  basis[start + j] -= vector[j] * product[j] + product[j] * vector[j];
  y[j] += sum + basis[start + j] * x[j];
}

/** Turns the product A v into p, so that the reflected matrix is A - v p^T - p v^T. */
function finishProduct(vector: Float64Array, product: Float64Array, halfNorm: number): void {
  const count = vector.length;
  let overlap = 0;
  for (let j = 0; j < count; j++) {
    product[j] /= halfNorm;
    overlap += product[j] * vector[j];
  }
  const shift = overlap / (2 * halfNorm);
  for (let j = 0; j < count; j++) product[j] -= shift * vector[j];
}

/** The reflections of the rows from one on, smallest first, in batches for the kernels. */
export function* reflectionBatches(basis: Float64Array, halfNorms: Float64Array, firstRow: number): Generator<Reflections> {
  const size = halfNorms.length;
  for (let row = firstRow; row < size;) {
    const rows: number[] = [];
    let length = 0;
    for (; row < size && (rows.length === 0 || length + row <= batchLengthMax); row++) {
      if (halfNorms[row] === 0) continue;
      rows.push(row);
      length += row;
    }
    if (rows.length === 0) return;
    const vectors = new Float64Array(length);
    let at = 0;
    for (const i of rows) {
      vectors.set(basis.subarray(i * size, i * size + i), at);
      at += i;
    }
    yield { vectors, lengths: Int32Array.from(rows), halfNorms: Float64Array.from(rows, (i) => halfNorms[i]) };
  }
}
