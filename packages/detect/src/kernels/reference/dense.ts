/** The dense family in plain float64: it defines the results that the other kernel sets must give. */

import type { Matrix } from "../../matrix.ts";
import type {
  CenteredTransform,
  DenseKernels,
  GaussianPoints,
  NearestCenters,
  Reflections,
  RotationSweeps,
  ScatterSums,
} from "../dense-kernels.ts";

export const referenceDense: DenseKernels = {
  addScatter,
  squaredNormsInto,
  squaredDistancesInto,
  nearestCentersInto,
  rotateRows,
  reflectRows,
  gaussianPoints,
};

function addScatter(rows: Matrix, weights: Float64Array | undefined, into: ScatterSums): void {
  const { center, sums, products } = into;
  const width = rows.columnCount;
  const centered = new Float64Array(width);
  for (let row = 0, at = 0; row < rows.rowCount; row++, at += width) {
    const weight = weights === undefined ? 1 : weights[row];
    for (let j = 0; j < width; j++) centered[j] = rows.values[at + j] - center[j];
    for (let j = 0; j < width; j++) {
      const weighted = weight * centered[j];
      sums[j] += weighted;
      for (let k = j; k < width; k++) products[j * width + k] += weighted * centered[k];
    }
  }
}

function squaredNormsInto(rows: Matrix, transform: CenteredTransform, out: Float64Array): void {
  const { center, factor } = transform;
  const width = rows.columnCount;
  const centered = new Float64Array(width);
  for (let row = 0, at = 0; row < rows.rowCount; row++, at += width) {
    for (let j = 0; j < width; j++) centered[j] = rows.values[at + j] - center[j];
    let norm = 0;
    for (let start = 0; start < factor.length; start += width) {
      let coordinate = 0;
      for (let j = 0; j < width; j++) coordinate += centered[j] * factor[start + j];
      norm += coordinate * coordinate;
    }
    out[row] = norm;
  }
}

function squaredDistancesInto(rows: Matrix, centers: Matrix, out: Float64Array): void {
  const width = rows.columnCount;
  for (let row = 0, to = 0; row < rows.rowCount; row++) {
    for (let center = 0; center < centers.rowCount; center++, to++) {
      out[to] = squaredDistance(rows.values, row * width, centers.values, center * width, width);
    }
  }
}

function nearestCentersInto(rows: Matrix, centers: Matrix, out: NearestCenters, listed?: Int32Array): void {
  const width = rows.columnCount;
  const count = listed === undefined ? rows.rowCount : listed.length;
  for (let i = 0; i < count; i++) {
    const at = (listed === undefined ? i : listed[i]) * width;
    let nearest = 0;
    let least = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (let center = 0; center < centers.rowCount; center++) {
      const square = squaredDistance(rows.values, at, centers.values, center * width, width);
      if (square < least) {
        next = least;
        least = square;
        nearest = center;
      } else if (square < next) next = square;
    }
    out.nearest[i] = nearest;
    out.squares[i] = least;
    out.nextSquares[i] = next;
  }
}

function squaredDistance(a: Float64Array, aAt: number, b: Float64Array, bAt: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) {
    const difference = a[aAt + j] - b[bAt + j];
    sum += difference * difference;
  }
  return sum;
}

function rotateRows(rows: Matrix, { starts, counts, cosines, sines }: RotationSweeps): void {
  const { columnCount: width, values } = rows;
  for (let sweep = 0, pair = 0; sweep < starts.length; sweep++) {
    for (let lower = starts[sweep] * width, left = counts[sweep]; left > 0; left--, pair++, lower -= width) {
      const cosine = cosines[pair];
      const sine = sines[pair];
      for (let at = lower; at < lower + width; at++) {
        const above = values[at - width];
        const below = values[at];
        values[at] = sine * above + cosine * below;
        values[at - width] = cosine * above - sine * below;
      }
    }
  }
}

function reflectRows(rows: Matrix, { vectors, lengths, halfNorms }: Reflections): void {
  const { columnCount: width, values } = rows;
  const products = new Float64Array(width);
  for (let i = 0, start = 0; i < lengths.length; start += lengths[i++]) {
    products.fill(0);
    for (let row = 0, at = 0; row < lengths[i]; row++) {
      const weight = vectors[start + row];
      for (let column = 0; column < width; column++) products[column] += weight * values[at++];
    }
    for (let row = 0, at = 0; row < lengths[i]; row++) {
      const factor = vectors[start + row] / halfNorms[i];
      for (let column = 0; column < width; column++) values[at++] -= factor * products[column];
    }
  }
}

function gaussianPoints(points: Matrix): GaussianPoints {
  const own = points.values.slice();
  const width = points.columnCount;

  return {
    sumsInto(rows, { factor, shifts }, out) {
      for (let row = 0, at = 0; row < rows.rowCount; row++, at += width) {
        let sum = 0;
        for (let start = 0; start < own.length; start += width) {
          sum += exponential(shifts[row] - factor * squaredDistance(rows.values, at, own, start, width));
        }
        out[row] = sum;
      }
    },
    nearestInto(rows, out) {
      for (let row = 0, at = 0; row < rows.rowCount; row++, at += width) {
        let nearest = Number.POSITIVE_INFINITY;
        for (let start = 0; start < own.length; start += width) {
          const distance = squaredDistance(rows.values, at, own, start, width);
          if (distance < nearest) nearest = distance;
        }
        out[row] = nearest;
      }
    },
  };
}

/** Adding and taking off 1.5 * 2^52 rounds to a whole number, ties to even. */
const rounding = 6_755_399_441_055_744;
// oxlint-disable-next-line oxc/approx-constant -- the same digits as in the WebAssembly build, whatever an engine holds for Math.LOG2E
const log2e = 1.4426950408889634;
/** ln 2 in two parts: the first has 32 bits, so that its product with a small whole number is exact. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
/** Taylor coefficients of exp: 1/13!, 1/12!, ... 1/0!. On |r| <= ln(2)/2 the rest is below 4e-18. */
const taylor = [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((degree) => 1 / factorial(degree));

function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/** 2^-1022 .. 2^1. */
const powersOfTwo = Float64Array.from({ length: 1024 }, (_, i) => 2 ** (i - 1022));

/**
 * exp(x) for x <= 0, of additions and multiplications alone, so that every kernel set gives the same bits: Math.exp
 * differs between engines, and SIMD has none. x = k ln 2 + r, exp(x) = 2^k exp(r).
 */
function exponential(x: number): number {
  if (x < -708) return 0;
  const k = x * log2e + rounding - rounding;
  const r = x - k * ln2High - k * ln2Low;
  let value = taylor[0];
  for (let i = 1; i < taylor.length; i++) value = value * r + taylor[i];
  return value * powersOfTwo[k + 1022];
}
