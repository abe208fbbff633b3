/** Eigenvalues and eigenvectors of a symmetric matrix. */

import type { DenseKernels } from "../kernels/dense-kernels.ts";
import type { Pieces } from "../threads/pieces.ts";
import { gatherRow, panelsOf, transposePanels } from "./column-panels.ts";
import { reflectionBatches, tridiagonalize } from "./tridiagonal-form.ts";
import { diagonalize } from "./tridiagonal-eigen.ts";

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Row `i` is the unit eigenvector of value `i`; its sign is arbitrary but always the same for the same matrix. */
  readonly vectors: Float64Array;
}

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
  const basis = matrix.slice();
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
  // The basis has served: its memory takes the axes as rows, and theirs the answer.
  const turned = basis;
  yield* transposePanels(axes, turned, size);
  yield* diagonalize(turned, form, kernels);
  return yield* sortedDescending(turned, form.diagonal, axes);
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
