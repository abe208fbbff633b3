/** The dense family of kernels: sums of products, quadratic forms, distances to centres, and sums of Gaussians. */

import type { Matrix } from "../matrix.ts";

/** Running sums about a centre: what a mean and a covariance are made of. */
export interface ScatterSums {
  /** d entries. */
  readonly center: Float64Array;
  /** d entries: weighted sums of `x - center`. */
  readonly sums: Float64Array;
  /** d x d, of which only the upper triangle (column >= row) is meaningful: weighted sums of `(x_j - center_j)(x_k - center_k)`. */
  readonly products: Float64Array;
}

/** The affine map `x -> factor (x - center)` to k coordinates. */
export interface CenteredTransform {
  /** d entries. */
  readonly center: Float64Array;
  /** k x d, row-major. */
  readonly factor: Float64Array;
}

/** One entry for each row. */
export interface NearestCenters {
  /** The nearest centre, the first of equals. */
  readonly nearest: Int32Array;
  /** Squared distance to it. */
  readonly squares: Float64Array;
  /** Squared distance to the nearest of the other centres; infinite where there is none. */
  readonly nextSquares: Float64Array;
}

/** Points held ready for sums of Gaussians over all of them. */
export interface GaussianPoints {
  /**
   * `out[row] = sum over points i, in order, of exp(shifts[row] - factor * |row - point i|^2)`.
   * Terms below exp(-708) count as 0; the exponential is the kernels' own, within 2 units in the last place.
   */
  sumsInto(rows: Matrix, gaussian: { readonly factor: number; readonly shifts: Float64Array }, out: Float64Array): void;
  /** `out[row]` = squared Euclidean distance to the nearest point. */
  nearestInto(rows: Matrix, out: Float64Array): void;
}

/** Rotations of neighbouring rows, in sweeps from below to above. */
export interface RotationSweeps {
  /** The lower row of each sweep's first pair; the pair after it lies one row higher, and so on. */
  readonly starts: Int32Array;
  /** Pairs of each sweep. */
  readonly counts: Int32Array;
  /** One for each pair of each sweep, in order. */
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** Householder reflections: each takes `v (v^T rows) / halfNorm` off as many leading rows as `v` is long. */
export interface Reflections {
  /** The vectors, one after another. */
  readonly vectors: Float64Array;
  readonly lengths: Int32Array;
  /** Half the squared length of each vector; none is 0. */
  readonly halfNorms: Float64Array;
}

export interface DenseKernels {
  /** Adds rows, in order, to the sums; without weights each row counts once. */
  addScatter(rows: Matrix, weights: Float64Array | undefined, into: ScatterSums): void;
  /** `out[row]` = squared length of the transformed row: a Mahalanobis distance when the factor whitens. */
  squaredNormsInto(rows: Matrix, transform: CenteredTransform, out: Float64Array): void;
  /** `out[row * centers.rowCount + center]` = squared Euclidean distance, summed over columns in order. Values are finite. */
  squaredDistancesInto(rows: Matrix, centers: Matrix, out: Float64Array): void;
  /** Looks up the nearest of the centres for each row, or for the listed ones in their order, by the same distances. */
  nearestCentersInto(rows: Matrix, centers: Matrix, out: NearestCenters, listed?: Int32Array): void;
  /** Applies all rotations to all columns, in place: a pair becomes `cosine upper - sine lower` and `sine upper + cosine lower`. */
  rotateRows(rows: Matrix, sweeps: RotationSweeps): void;
  /** Applies all reflections to all columns, in place. Products are summed over rows in order. */
  reflectRows(rows: Matrix, reflections: Reflections): void;
  /** Copies the points; what it holds is freed with the object. */
  gaussianPoints(points: Matrix): GaussianPoints;
}
