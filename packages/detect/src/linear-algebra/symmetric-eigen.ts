/** Eigenvalues and eigenvectors of a symmetric matrix. */

import { assert } from "../errors.ts";

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Row `i` is the unit eigenvector of value `i`; its sign is arbitrary but always the same for the same matrix. */
  readonly vectors: Float64Array;
}

/** Implicit QL finds an eigenvalue in two or three steps; this many never happen on finite numbers. */
const stepCountMax = 100;

/**
 * Householder reduction to tridiagonal form, then QL with implicit shifts: O(size^3).
 * Errors are of the order of rounding in the largest eigenvalue.
 *
 * @param matrix size x size, finite and symmetric; not written.
 * Source  Golub and Van Loan, Matrix Computations, 4th edition, 2013, sections 8.3.1 and 8.3.3.
 */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const basis = matrix.slice();
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  tridiagonalize(basis, diagonal, beside);
  const rows = transpose(basis, size);
  diagonalize(rows, diagonal, beside);
  return sortedDescending(rows, diagonal);
}

/**
 * Reflects away one row after another, from the last to the second. Afterwards `basis` holds the product of the
 * reflections (its columns are the new axes), `diagonal` and `beside` (entries 1..) the tridiagonal matrix.
 */
function tridiagonalize(basis: Float64Array, diagonal: Float64Array, beside: Float64Array): void {
  const size = diagonal.length;
  const halfNorms = new Float64Array(size);
  for (let i = size - 1; i >= 1; i--) {
    const row = basis.subarray(i * size, i * size + i);
    let scale = 0;
    for (const value of row) scale += Math.abs(value);
    if (i === 1 || scale === 0) {
      beside[i] = row[i - 1];
      continue;
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
    reflectLeading(basis, row, square, beside, i, size);
  }
  accumulateReflections(basis, diagonal, halfNorms);
}

/** Applies the reflection of `row` from both sides to the leading i x i part (its lower triangle holds the matrix). */
function reflectLeading(
  basis: Float64Array,
  row: Float64Array,
  halfNorm: number,
  scratch: Float64Array,
  i: number,
  size: number,
): void {
  const product = scratch.subarray(0, i);
  product.fill(0);
  for (let j = 0; j < i; j++) {
    let sum = 0;
    for (let k = 0; k < j; k++) {
      const value = basis[j * size + k];
      sum += value * row[k];
      product[k] += value * row[j];
    }
    product[j] += sum + basis[j * size + j] * row[j];
  }
  let overlap = 0;
  for (let j = 0; j < i; j++) {
    product[j] /= halfNorm;
    overlap += product[j] * row[j];
  }
  const shift = overlap / (2 * halfNorm);
  for (let j = 0; j < i; j++) product[j] -= shift * row[j];
  for (let j = 0; j < i; j++) {
    for (let k = 0; k <= j; k++) basis[j * size + k] -= row[j] * product[k] + product[j] * row[k];
  }
}

/** Multiplies the reflections out, smallest first, in place. */
function accumulateReflections(basis: Float64Array, diagonal: Float64Array, halfNorms: Float64Array): void {
  const size = diagonal.length;
  const weights = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    if (halfNorms[i] !== 0) {
      // New leading part: B - (B row) row^T / halfNorm, with B the product so far.
      const row = basis.slice(i * size, i * size + i);
      weights.fill(0, 0, i);
      for (let k = 0; k < i; k++) for (let j = 0; j < i; j++) weights[j] += row[k] * basis[k * size + j];
      for (let k = 0; k < i; k++) {
        const factor = row[k] / halfNorms[i];
        for (let j = 0; j < i; j++) basis[k * size + j] -= factor * weights[j];
      }
    }
    diagonal[i] = basis[i * size + i];
    basis[i * size + i] = 1;
    for (let k = 0; k < i; k++) {
      basis[i * size + k] = 0;
      basis[k * size + i] = 0;
    }
  }
}

/** QL with implicit shifts on the tridiagonal matrix; `rows` (axes as rows) turns with it. */
function diagonalize(rows: Float64Array, diagonal: Float64Array, beside: Float64Array): void {
  const size = diagonal.length;
  beside.copyWithin(0, 1);
  beside[size - 1] = 0;
  for (let first = 0; first < size; first++) {
    for (let step = 0; ; step++) {
      const last = blockEnd(diagonal, beside, first);
      if (last === first) break;
      assert(step < stepCountMax, "the eigenvalue iteration ended");
      implicitStep(rows, diagonal, beside, first, last);
    }
  }
}

/** Last index of the block that starts at `first`: the first whose coupling to the next is lost in rounding. */
function blockEnd(diagonal: Float64Array, beside: Float64Array, first: number): number {
  let last = first;
  while (last < diagonal.length - 1) {
    const magnitude = Math.abs(diagonal[last]) + Math.abs(diagonal[last + 1]);
    if (Math.abs(beside[last]) <= Number.EPSILON * magnitude) break;
    last++;
  }
  return last;
}

function implicitStep(rows: Float64Array, diagonal: Float64Array, beside: Float64Array, first: number, last: number): void {
  const size = diagonal.length;
  // Wilkinson's shift, from the leading 2 x 2 part.
  const ratio = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
  const root = Math.hypot(ratio, 1);
  let g = diagonal[last] - diagonal[first] + beside[first] / (ratio + (ratio < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let carried = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = sine * beside[i];
    const b = cosine * beside[i];
    const length = Math.hypot(f, g);
    beside[i + 1] = length;
    if (length === 0) {
      // A rotation found nothing to turn: the block splits here.
      diagonal[i + 1] -= carried;
      beside[last] = 0;
      return;
    }
    sine = f / length;
    cosine = g / length;
    const middle = diagonal[i + 1] - carried;
    const turned = (diagonal[i] - middle) * sine + 2 * cosine * b;
    carried = sine * turned;
    diagonal[i + 1] = middle + carried;
    g = cosine * turned - b;
    rotateRows(rows, i * size, size, cosine, sine);
  }
  diagonal[first] -= carried;
  beside[first] = g;
  beside[last] = 0;
}

/** Turns the row that starts at `at` and the next one. */
function rotateRows(rows: Float64Array, at: number, size: number, cosine: number, sine: number): void {
  for (let k = at; k < at + size; k++) {
    const next = rows[k + size];
    rows[k + size] = sine * rows[k] + cosine * next;
    rows[k] = cosine * rows[k] - sine * next;
  }
}

function transpose(matrix: Float64Array, size: number): Float64Array {
  const result = new Float64Array(matrix.length);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) result[j * size + i] = matrix[i * size + j];
  return result;
}

function sortedDescending(rows: Float64Array, diagonal: Float64Array): SymmetricEigen {
  const size = diagonal.length;
  const order = [...diagonal.keys()].toSorted((a, b) => diagonal[b] - diagonal[a] || a - b);
  const vectors = new Float64Array(rows.length);
  for (const [to, from] of order.entries()) vectors.set(rows.subarray(from * size, (from + 1) * size), to * size);
  return { values: Float64Array.from(order, (index) => diagonal[index]), vectors };
}
