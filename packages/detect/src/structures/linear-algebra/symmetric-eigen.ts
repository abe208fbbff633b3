/** Eigenvalues and eigenvectors of a symmetric matrix. */

import type { DenseKernels } from "../../kernels/dense-kernels.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { gatherRow, panelsOf, transposePanels } from "./column-panels.ts";
import { reflectionBatches, tridiagonalize } from "./tridiagonal-form.ts";
import { diagonalize } from "./tridiagonal-eigen.ts";

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Row `i` is the unit eigenvector of value `i`; its sign is arbitrary but always the same for the same matrix. */
  readonly vectors: Float64Array;
}

/** Matrices whose largest entry is smaller are scaled. */
const smallMagnitude = 1e-150;
/** Largest exponent of the scale, since the power of two must be finite. */
const scaleExponentMax = 1000;

/**
 * Householder reduction to tridiagonal form, then QL with implicit shifts: O(size^3), 3 size^2 numbers of memory.
 * Errors are of the order of rounding in the largest eigenvalue. A size of 3000 takes half a minute.
 *
 *     matrix --reflections--> tridiagonal --rotations--> values          axes = reflections x rotations
 *
 * The two kinds of turns cost nearly all of the time. A turn of rows does the same to each column, so they are collected and then
 * applied to a few columns after another, which stay in the cache: the bits are those of turning the whole matrix at each step.
 *
 * @param matrix size x size, finite and symmetric; not written.
 * Source  Golub and Van Loan, Matrix Computations, 4th edition, 2013, sections 8.3.1 and 8.3.3.
 */
export function* eigenPieces(matrix: Float64Array, size: number, kernels: DenseKernels): Pieces<SymmetricEigen> {
  const scale = scaleOf(matrix);
  const basis = matrix.slice();
  if (scale !== 1) for (let at = 0; at < basis.length; at++) basis[at] *= scale;
  const form = yield* tridiagonalize(basis, size);
  const axes = new Float64Array(matrix.length);
  for (const { start, rows } of panelsOf(axes, size)) {
    // Columns of the identity. A reflection turns the rows above its own, which are 0 in the columns from its own on.
    for (let i = 0; i < rows.columnCount; i++) rows.values[(start + i) * rows.columnCount + i] = 1;
    for (const reflections of reflectionBatches(basis, form.halfNorms, start + 1)) {
      kernels.reflectRows(rows, reflections);
      yield;
    }
  }
  // The basis is no longer needed: its memory takes the axes as rows, and theirs takes the answer.
  const turned = basis;
  yield* transposePanels(axes, turned, size);
  yield* diagonalize(turned, form, kernels);
  const { diagonal } = form;
  if (scale !== 1) for (let i = 0; i < size; i++) diagonal[i] /= scale;
  return yield* sortedDescending(turned, diagonal, axes);
}

/** A power of two that takes a matrix of numbers near the least float64 to where products keep their digits; else 1. */
function scaleOf(matrix: Float64Array): number {
  let largest = 0;
  for (let at = 0; at < matrix.length; at++) largest = Math.max(largest, Math.abs(matrix[at]));
  return largest === 0 || largest >= smallMagnitude ? 1 : 2 ** Math.min(scaleExponentMax, -Math.floor(Math.log2(largest)));
}

function* sortedDescending(panels: Float64Array, diagonal: Float64Array, vectors: Float64Array): Pieces<SymmetricEigen> {
  const size = diagonal.length;
  const order = [...diagonal.keys()].toSorted((a, b) => diagonal[b] - diagonal[a] || a - b);
  for (const [to, from] of order.entries()) {
    gatherRow(panels, from, vectors.subarray(to * size, (to + 1) * size));
    yield;
  }
  return { values: Float64Array.from(order, (index) => diagonal[index]), vectors };
}
