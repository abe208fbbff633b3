/** Principal axes of a table with fewer rows than columns, by way of its rows' products: n x n of them instead of d x d. */

import type { KernelSet } from "../../kernels/kernel-set.ts";
import { columnMoments } from "../../structures/linear-algebra/column-moments.ts";
import { scatterTask } from "../../structures/linear-algebra/moments.ts";
import { eigenPieces } from "../../structures/linear-algebra/symmetric-eigen.ts";
import type { Matrix } from "../../matrix.ts";
import type { Pieces } from "../../threads/pieces.ts";
import { pieceWorkMax } from "../../threads/pieces.ts";
import { orthonormalize } from "./orthonormal.ts";
import type { ScaledAxes } from "./scaled-axes.ts";
import { columnScales } from "./scaled-axes.ts";

/** Columns of a block: the scaled values of all its rows stay in the cache while every axis is computed for them. */
const cachedColumnCount = 32;
/** Axes computed together: each value is loaded once for all of them. */
const axesTogether = 4;

/**
 * The min(n, d) = n axes that the covariance of the columns has too, of the same variances. With Z the scaled rows, each a column
 * of Z^T: Z Z^T u = s u makes Z^T u an axis, since Z^T Z (Z^T u) = s Z^T u. Memory: n d numbers, twice, and a few n^2.
 *
 * Rows less their mean span n - 1 dimensions at most. The axes left over, of variance 0, are some directions across those
 * dimensions, the same for the same table.
 */
export function* wideAxes(train: Matrix, standardization: boolean, kernels: KernelSet): Pieces<ScaledAxes> {
  const { rowCount, columnCount } = train;
  const { mean, variances } = yield* columnMoments(train);
  const scales = columnScales(variances, mean, rowCount, standardization);
  const scaled = yield* scaledColumns(train, mean, scales);
  const gram = yield* gramOf(scaled, kernels);
  const { values, vectors: mixtures } = yield* eigenPieces(gram, rowCount, kernels);
  const axes = new Float64Array(rowCount * columnCount);
  yield* mixColumns(scaled, mixtures, axes);
  yield* orthonormalize(axes, columnCount, values);
  return { mean, scales, values, vectors: axes };
}

/** d x n: each column as a row, less its mean and divided by its scale. */
function* scaledColumns(train: Matrix, mean: Float64Array, scales: Float64Array): Pieces<Matrix> {
  const { rowCount, columnCount, values } = train;
  const result = new Float64Array(values.length);
  for (let column = 0; column < columnCount; column++) {
    for (let row = 0, from = column, to = column * rowCount; row < rowCount; row++, from += columnCount, to++) {
      result[to] = (values[from] - mean[column]) / scales[column];
    }
    yield;
  }
  return { rowCount: columnCount, columnCount: rowCount, values: result };
}

/** Products of rows with rows, summed over the columns and divided by n - 1. */
function* gramOf(scaled: Matrix, kernels: KernelSet): Pieces<Float64Array> {
  const size = scaled.columnCount;
  const center = new Float64Array(size);
  const { products } = yield* scatterTask({ rows: scaled, weights: undefined, center }, kernels);
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      products[i * size + j] /= size - 1;
      products[j * size + i] = products[i * size + j];
    }
    yield;
  }
  return products;
}

/** `axes[k][column] = sum over rows of mixtures[k][row] scaled[column][row]`. */
function* mixColumns(scaled: Matrix, mixtures: Float64Array, axes: Float64Array): Pieces<void> {
  const { rowCount: columnCount, columnCount: rowCount } = scaled;
  let work = 0;
  for (let start = 0; start < columnCount; start += cachedColumnCount) {
    const end = Math.min(start + cachedColumnCount, columnCount);
    for (let first = 0; first < rowCount; first += axesTogether) {
      for (let column = start; column < end; column++) mixColumn(scaled, column, mixtures, { axes, first });
      work += (end - start) * rowCount * axesTogether;
      if (work > pieceWorkMax) {
        work = 0;
        yield;
      }
    }
  }
}

/** The column's entry in four axes, from `first` on; where there are fewer, the last is computed again. */
function mixColumn(
  scaled: Matrix,
  column: number,
  mixtures: Float64Array,
  { axes, first }: { readonly axes: Float64Array; readonly first: number },
): void {
  const { values, columnCount: count } = scaled;
  const a = first * count;
  const b = Math.min(first + 1, count - 1) * count;
  const c = Math.min(first + 2, count - 1) * count;
  const d = Math.min(first + 3, count - 1) * count;
  let sumA = 0;
  let sumB = 0;
  let sumC = 0;
  let sumD = 0;
  for (let row = 0, at = column * count; row < count; row++, at++) {
    const value = values[at];
    sumA += value * mixtures[a + row];
    sumB += value * mixtures[b + row];
    sumC += value * mixtures[c + row];
    sumD += value * mixtures[d + row];
  }
  const width = scaled.rowCount;
  axes[(a / count) * width + column] = sumA;
  axes[(b / count) * width + column] = sumB;
  axes[(c / count) * width + column] = sumC;
  axes[(d / count) * width + column] = sumD;
}
